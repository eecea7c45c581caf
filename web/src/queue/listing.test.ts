import { describe, expect, it } from "vitest";
import type { ImageSummary } from "../api/client";
import {
  countsByState,
  listed,
  NameOrder,
  neighbour,
  nextUnfinished,
  rowsInSight,
  scrollTo,
  stateBefore,
} from "./listing";
import { madeImage } from "./made_image";

const image = (id: number, name: string, more: Partial<ImageSummary> = {}): ImageSummary =>
  madeImage({ id, name, ...more });

const images = [
  image(1, "mic_10.mrc", { doubt: 0.2 }),
  image(2, "mic_2.mrc", { state: "reviewed", doubt: 0.9 }),
  image(3, "Mic_3.mrc", { problem: "cut short" }),
];
const ids = (list: readonly ImageSummary[]) => list.map((one) => one.id);
const places = new NameOrder().of(images);
const ALL = { text: "", state: null };

describe("the queue", () => {
  it("knows what an image is that is not reviewed or skipped any more", () => {
    expect(stateBefore(image(1, "a", { state: "skipped" }))).toBe("new");
    expect(stateBefore(image(1, "a", { state: "skipped", negatives: 1 }))).toBe("labelled");
  });

  it("orders by name as people count, or by doubt", () => {
    expect(ids(listed(images, ALL, "name", places))).toEqual([2, 3, 1]);
    expect(ids(listed(images, ALL, "doubt", places))).toEqual([2, 1, 3]);
  });

  it("filters by text and state", () => {
    expect(ids(listed(images, { text: " MIC_3", state: null }, "name", places))).toEqual([3]);
    expect(ids(listed(images, { text: "data", state: "reviewed" }, "name", places))).toEqual([2]);
    expect(ids(listed(images, { text: "", state: "problem" }, "name", places))).toEqual([3]);
  });

  it("puts images that come later in their place", () => {
    const order = new NameOrder();
    order.of(images.slice(0, 2));
    expect(ids(listed(images, ALL, "name", order.of(images)))).toEqual([2, 3, 1]);
  });

  it("counts by state", () => {
    expect(countsByState(images)).toEqual({ new: 2, labelled: 0, reviewed: 1, skipped: 0 });
  });

  it("steps to neighbours and to what is not finished", () => {
    expect(neighbour(images, 1, 1)?.id).toBe(2);
    expect(neighbour(images, 1, -1)).toBeNull();
    expect(neighbour(images, null, 1)?.id).toBe(1);
    expect(neighbour([], null, 1)).toBeNull();
    expect(nextUnfinished(images, 2)?.id).toBe(1);
    expect(nextUnfinished(images, 1)).toBeNull();
  });

  it("draws the rows in sight, whatever the list's length", () => {
    expect(rowsInSight(10_000, 60, 60_000, 600, 2)).toEqual({ first: 998, end: 1012 });
    expect(rowsInSight(3, 60, 0, 600, 2)).toEqual({ first: 0, end: 3 });
    expect(rowsInSight(0, 60, 600, 600)).toEqual({ first: 0, end: 0 });
  });

  it("scrolls no further than needed", () => {
    expect(scrollTo(5, 60, 0, 600)).toBeNull();
    expect(scrollTo(20, 60, 0, 600)).toBe(660);
    expect(scrollTo(1, 60, 600, 600)).toBe(60);
  });
});
