import { beforeEach, expect, test, vi } from "vitest";

import { getGallery, saveReview, type GalleryQuery } from "../api/client";
import type { GalleryItem } from "../api/schema";
import { decisions } from "./decisions.svelte";
import { gallery } from "./gallery.svelte";
import { PAGE } from "./sheets";

vi.mock("../api/client", async (original) => ({
  ...(await original<typeof import("../api/client")>()),
  getGallery: vi.fn(),
  saveReview: vi.fn(),
}));

const TOTAL = 150;

/** What the server knows. */
const words = new Map<number, "keep" | "reject" | null>();
/** Another one in each test: what was decided before is still laid over its candidates. */
let set = 0;

const item = (number: number): GalleryItem => ({
  number,
  image: 1,
  x: 0,
  y: 0,
  z: null,
  score: 1 - number / TOTAL,
  class_name: "particle",
  probability: null,
  predicted_class: null,
  decision: words.get(number) ?? null,
  reason: null,
});

beforeEach(() => {
  words.clear();
  set++;
  vi.mocked(getGallery).mockImplementation(async (_, query: GalleryQuery = {}) => {
    const all = Array.from({ length: TOTAL }, (__, number) => item(number));
    const left = query.undecided_only ? all.filter((one) => one.decision === null) : all;
    const offset = query.offset ?? 0;
    const items = left.slice(offset, offset + (query.limit ?? 100));
    return { total: left.length, offset, items };
  });
  vi.mocked(saveReview).mockImplementation(async (_, review) => {
    for (const { number, decision } of review.decisions) words.set(number, decision);
    return null;
  });
});

decisions.start("a");
decisions.onSaid((of, said) => gallery.said(of, said));

async function opened(undecided_only: boolean): Promise<void> {
  gallery.open(set, { undecided_only });
  await gallery.itemsAt([0]);
}

test("a page is asked for once, however many want it", async () => {
  await opened(false);
  vi.mocked(getGallery).mockClear();
  gallery.want({ first: PAGE, end: PAGE + 5 });
  await Promise.all([gallery.itemsAt([PAGE]), gallery.itemsAt([PAGE + 1])]);
  expect(getGallery).toHaveBeenCalledTimes(1);
});

test("a decision shows at once and keeps its place", async () => {
  await opened(true);
  await gallery.decide([2], "reject", "ice");
  expect(gallery.item(2)).toMatchObject({ number: 2, decision: "reject", reason: "ice" });
  expect(gallery.total).toBe(TOTAL);
});

test("among the undecided nothing is skipped or shown twice, whatever was decided before", async () => {
  await opened(true);
  await gallery.decide([0, 1, 5], "reject");
  const rest = await gallery.itemsAt([PAGE - 1, PAGE, PAGE + 1, TOTAL - 1]);
  expect(rest.map((one) => one.item.number)).toEqual([PAGE - 1, PAGE, PAGE + 1, TOTAL - 1]);
  expect(gallery.isOutdated).toBe(false);
});

test("a word that was taken back is counted again", async () => {
  await opened(true);
  await gallery.decide([0, 1], "keep");
  decisions.undo();
  const [later] = await gallery.itemsAt([PAGE]);
  expect(later?.item.number).toBe(PAGE);
  expect(gallery.item(0)?.decision).toBeNull();
});

test("what somebody else decided is said, not hidden", async () => {
  await opened(true);
  words.set(100, "keep");
  await gallery.itemsAt([PAGE]);
  expect(gallery.isOutdated).toBe(true);
});

test("an answer for the gallery before is dropped", async () => {
  let late: () => void = () => undefined;
  vi.mocked(getGallery).mockImplementationOnce(
    () =>
      new Promise((resolve) => {
        late = () => resolve({ total: 1, offset: 0, items: [item(9)] });
      }),
  );
  gallery.open(set, {});
  await opened(false);
  late();
  await Promise.resolve();
  expect(gallery.total).toBe(TOTAL);
  expect(gallery.item(0)?.number).toBe(0);
});

test("an error is shown until it is tried again", async () => {
  vi.mocked(getGallery).mockRejectedValueOnce(new Error("no answer"));
  gallery.open(set, {});
  await gallery.itemsAt([0]);
  expect(gallery.problem).toBe("no answer");
  gallery.retry();
  await gallery.itemsAt([0]);
  expect(gallery.problem).toBeNull();
  expect(gallery.item(0)?.number).toBe(0);
});

test("undo and redo go through all steps", async () => {
  await opened(false);
  await gallery.decide([3], "keep");
  await gallery.decide([3], "reject", "gold");
  expect(decisions.undo()[0]).toMatchObject({ number: 3, decision: "keep" });
  expect(gallery.item(3)?.decision).toBe("keep");
  decisions.undo();
  expect(gallery.item(3)?.decision).toBeNull();
  decisions.redo();
  decisions.redo();
  expect(gallery.item(3)).toMatchObject({ decision: "reject", reason: "gold" });
  await decisions.settled();
  expect(words.get(3)).toBe("reject");
});
