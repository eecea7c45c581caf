import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryStore } from "../state/memory_store";
import { EditQueue, type Outcome } from "./edit_queue";
import { ApiError } from "./errors";
import { applied, NO_ITEMS, type Operation } from "./operations";
import type { Edit, Labels, Point, Saved } from "./schema";

/** A server in a few lines: versions, edits by id, conflicts. */
class FakeServer {
  version = 0;
  items = NO_ITEMS;
  readonly taken = new Map<string, Edit>();
  isDown = false;
  /** The edit is saved, but its answer is lost. */
  losesAnswers = false;
  error: ApiError | null = null;
  sent = 0;

  readonly send = async (image: number, edit: Edit): Promise<Saved> => {
    await Promise.resolve();
    this.sent += 1;
    if (this.isDown) throw new ApiError(0, "no answer");
    if (this.error) throw this.error;
    if (!this.taken.has(edit.id)) {
      if (edit.base_version !== this.version) {
        throw new ApiError(409, "changed", { message: "changed", labels: this.labels(image) });
      }
      this.do(edit.operations as Operation[]);
      this.taken.set(edit.id, edit);
    }
    if (this.losesAnswers) throw new ApiError(0, "no answer");
    return { version: this.version };
  };

  do(operations: Operation[]): void {
    this.items = applied(this.items, operations);
    this.version += 1;
  }

  labels(image: number): Labels {
    return {
      image,
      version: this.version,
      points: [...this.items.values()] as Point[],
      regions: [],
    };
  }
}

const point = (id: string, x: number): Point => ({
  id,
  kind: "particle",
  x,
  y: 0,
  class_name: "particle",
});
const put = (id: string, x: number): Operation => ({ operation: "put_point", point: point(id, x) });
const remove = (...ids: string[]): Operation => ({ operation: "remove", ids });

let server: FakeServer;
let memory: MemoryStore;

function page(project = "a"): EditQueue {
  const queue = new EditQueue(server.send);
  queue.start(project, memory);
  return queue;
}

const settle = () => vi.advanceTimersByTimeAsync(60_000);
const placesOnServer = () =>
  Object.fromEntries([...server.items.values()].map((item) => [item.id, (item as Point).x]));

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  memory = new MemoryStore();
});
afterEach(() => void vi.useRealTimers());

describe("the edit queue", () => {
  it("saves edits in order and forgets them", async () => {
    const queue = page();
    queue.submit(1, 0, [put("p", 1)]);
    queue.submit(1, 0, [put("p", 2)], [point("p", 1)]);
    queue.submit(1, 0, [put("q", 3)]);
    expect(queue.pending).toBe(3);
    expect(queue.pendingOf(1)).toHaveLength(3);
    await settle();
    expect(placesOnServer()).toEqual({ p: 2, q: 3 });
    expect([queue.pending, server.version, server.sent]).toEqual([0, 3, 3]);
    expect(memory.map.size).toBe(0);
  });

  it("waits while the server is away and then sends each edit once", async () => {
    const queue = page();
    server.isDown = true;
    queue.submit(1, 0, [put("p", 1)]);
    queue.submit(1, 0, [put("q", 2)]);
    await settle();
    expect([queue.online, queue.pending, queue.problem]).toEqual([false, 2, "no answer"]);
    server.isDown = false;
    queue.outbox.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect([queue.online, queue.pending, server.version]).toEqual([true, 0, 2]);
  });

  it("does an edit once whose answer was lost", async () => {
    const queue = page();
    server.losesAnswers = true;
    queue.submit(1, 0, [put("p", 1)]);
    queue.submit(1, 0, [remove("p")], [point("p", 1)]);
    await vi.advanceTimersByTimeAsync(2000);
    server.losesAnswers = false;
    await settle();
    expect([queue.pending, server.version, queue.conflicts.length]).toEqual([0, 2, 0]);
    expect(placesOnServer()).toEqual({});
  });

  it("sends after a reload what an earlier page left, on top of its own", async () => {
    server.isDown = true;
    const before = page();
    before.submit(1, 0, [put("p", 1)]);
    before.submit(1, 0, [put("p", 5)], [point("p", 1)]);
    await vi.advanceTimersByTimeAsync(100);
    server.isDown = false;
    const outcomes: Outcome[] = [];
    const after = new EditQueue(server.send);
    after.onOutcome((outcome) => outcomes.push(outcome));
    after.start("a", memory);
    expect(after.pendingOf(1)).toHaveLength(2);
    await settle();
    expect(placesOnServer()).toEqual({ p: 5 });
    expect(outcomes.every((outcome) => outcome.stale)).toBe(true);
  });

  it("never sends the edits of another project", async () => {
    server.isDown = true;
    page("a").submit(1, 0, [put("p", 1)]);
    await vi.advanceTimersByTimeAsync(0);
    server.sent = 0;
    const other = page("b");
    await vi.advanceTimersByTimeAsync(0);
    expect([other.pending, server.sent]).toEqual([0, 0]);
  });

  it("merges with somebody else's edit of other things", async () => {
    server.do([put("old", 1)]);
    const queue = page();
    const outcomes: Outcome[] = [];
    queue.onOutcome((outcome) => outcomes.push(outcome));
    server.do([put("theirs", 9)]);
    queue.submit(1, 1, [put("old", 2)], [point("old", 1)]);
    queue.submit(1, 1, [put("mine", 3)]);
    await settle();
    expect(placesOnServer()).toEqual({ old: 2, theirs: 9, mine: 3 });
    expect(queue.conflicts).toEqual([]);
    expect(outcomes).toEqual([
      { image: 1, version: 3, stale: true },
      { image: 1, version: 4, stale: true },
    ]);
  });

  it("shows a conflict where both moved the same point, and does what the person says", async () => {
    server.do([put("p", 1)]);
    server.do([put("p", 7)]);
    const queue = page();
    queue.submit(1, 1, [put("p", 2)], [point("p", 1)]);
    queue.submit(1, 1, [put("q", 4)]);
    await settle();
    expect(placesOnServer()).toEqual({ p: 7, q: 4 });
    expect(queue.conflicts.map((one) => one.ids)).toEqual([["p"]]);
    expect(memory.map.size).toBe(1);

    queue.keepMine(queue.conflicts[0]!);
    await settle();
    expect(placesOnServer()).toEqual({ p: 2, q: 4 });
    expect([queue.conflicts.length, memory.map.size]).toEqual([0, 0]);
  });

  it("leaves theirs when the person says so, also after a reload", async () => {
    server.do([put("p", 1)]);
    server.do([remove("p")]);
    page().submit(1, 1, [put("p", 2)], [point("p", 1)]);
    await settle();
    const queue = page();
    await settle();
    expect(queue.conflicts).toHaveLength(1);
    queue.takeTheirs(queue.conflicts[0]!);
    await settle();
    expect(placesOnServer()).toEqual({});
    expect(memory.map.size).toBe(0);
  });

  it("shows a conflict no more that a person settled in another tab", async () => {
    server.do([put("p", 1)]);
    server.do([put("p", 7)]);
    const queue = page();
    queue.submit(1, 1, [put("p", 2)], [point("p", 1)]);
    await settle();
    const other = page();
    await settle();
    expect([queue.conflicts.length, other.conflicts.length]).toEqual([1, 1]);
    const keys = [...memory.map.keys()];
    other.takeTheirs(other.conflicts[0]!);
    for (const key of keys) queue.outbox.removed(key);
    expect(queue.conflicts).toEqual([]);
  });

  it("takes no removal of what is gone, and no twice-made change, for a conflict", async () => {
    server.do([put("p", 1), put("q", 1)]);
    server.do([remove("p"), put("q", 5)]);
    const queue = page();
    queue.submit(1, 1, [remove("p")], [point("p", 1)]);
    queue.submit(1, 1, [put("q", 5)], [point("q", 1)]);
    await settle();
    expect([queue.conflicts.length, queue.pending]).toEqual([0, 0]);
  });

  it("asks again where somebody else came between two edits of this page", async () => {
    server.do([put("p", 1)]);
    const queue = page();
    queue.submit(1, 1, [put("a", 1)]);
    await settle();
    server.do([put("p", 7)]);
    // Made before the page heard of it.
    queue.submit(1, 2, [put("p", 2)], [point("p", 1)]);
    await settle();
    expect(queue.conflicts).toHaveLength(1);
    expect(placesOnServer()).toEqual({ p: 7, a: 1 });
  });

  it("does each edit once although two tabs send it", async () => {
    server.isDown = true;
    const one = page();
    one.submit(1, 0, [put("p", 1)]);
    one.submit(1, 0, [put("q", 1)]);
    await vi.advanceTimersByTimeAsync(0);
    const two = page();
    two.submit(1, 0, [put("r", 1)]);
    await vi.advanceTimersByTimeAsync(0);
    server.isDown = false;
    await settle();
    expect(placesOnServer()).toEqual({ p: 1, q: 1, r: 1 });
    expect([server.version, one.pending, two.pending]).toEqual([3, 0, 0]);
    expect(one.conflicts.length + two.conflicts.length).toBe(0);
  });

  it("says so when the browser has no room, and still saves", async () => {
    memory.room = 0;
    server.isDown = true;
    const queue = page();
    queue.submit(1, 0, [put("p", 1)]);
    expect(queue.hasUnkept).toBe(true);
    server.isDown = false;
    await settle();
    expect([queue.hasUnkept, queue.pending, server.version]).toEqual([false, 0, 1]);
  });

  it("shows an edit that the server will never take, and goes on", async () => {
    const queue = page();
    server.error = new ApiError(422, "That point lies outside the image.");
    queue.submit(1, 0, [put("p", 1e6)]);
    await vi.advanceTimersByTimeAsync(0);
    server.error = null;
    queue.submit(1, 0, [put("q", 1)]);
    await settle();
    expect(queue.refusals.map((one) => one.message)).toEqual([
      "That point lies outside the image.",
    ]);
    queue.dismiss(queue.refusals[0]!);
    expect([queue.refusals.length, placesOnServer()["q"]]).toEqual([0, 1]);
  });

  it("keeps everything when the session has ended", async () => {
    const queue = page();
    server.error = new ApiError(401, "Open the address again.");
    queue.submit(1, 0, [put("p", 1)]);
    await settle();
    expect([queue.pending, queue.problem, memory.map.size]).toEqual([
      1,
      "Open the address again.",
      1,
    ]);
    expect(server.sent).toBe(1);
  });

  it("does not ask for ever when a conflict names the version that was sent", async () => {
    const queue = page();
    const body = { message: "no", labels: server.labels(1) };
    server.error = new ApiError(409, "no", body);
    queue.submit(1, 0, [put("p", 1)]);
    await settle();
    expect([server.sent, queue.refusals.length]).toEqual([1, 1]);
  });

  it("asks the person where the project was put back from a copy, and loses nothing", async () => {
    server.do([put("p", 1)]);
    const queue = page();
    queue.submit(1, 9, [put("p", 2)], [point("p", 8)]);
    await settle();
    expect([server.sent, queue.pending, queue.conflicts.length]).toEqual([1, 0, 1]);
    queue.keepMine(queue.conflicts[0]!);
    await settle();
    expect(placesOnServer()).toEqual({ p: 2 });
    expect([queue.conflicts.length, memory.map.size]).toEqual([0, 0]);
  });

  it("clears away what it cannot read", () => {
    memory.map.set("nunatak.edit.a.1", '{"image": 1, "edit"');
    memory.map.set("nunatak.edit.a.2", '{"image": 1}');
    memory.map.set("nunatak.edit.b.1", '{"image": 1}');
    expect(page().pending).toBe(0);
    expect([...memory.map.keys()]).toEqual(["nunatak.edit.b.1"]);
  });

  it("sends what pages have kept since there is a page", async () => {
    const edit = { id: "e", base_version: 0, operations: [put("p", 1)] };
    memory.map.set(
      "nunatak.edit.a.000001790000000.00000000.e",
      JSON.stringify({ image: 1, edit, before: [] }),
    );
    expect(page().pending).toBe(1);
    await settle();
    expect(placesOnServer()).toEqual({ p: 1 });
    expect(memory.map.size).toBe(0);
  });
});
