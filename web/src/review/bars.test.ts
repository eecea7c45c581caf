import { expect, test } from "vitest";

import { barsOf } from "./bars";

test("bars keep their edges and the tallest is 1", () => {
  const bars = barsOf([0, 0.25, 0.5, 1], [1, 4, 2], 10, false);
  expect(bars.map((bar) => bar.left)).toEqual([0, 0.25, 0.5]);
  expect(bars.map((bar) => bar.width)).toEqual([0.25, 0.25, 0.5]);
  expect(bars.map((bar) => bar.height)).toEqual([0.25, 1, 0.5]);
});

test("bins are put together until there are few enough, and no candidate is lost", () => {
  const edges = Array.from({ length: 11 }, (_, index) => index / 10);
  const bars = barsOf(edges, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 4, false);
  expect(bars.map((bar) => bar.count)).toEqual([6, 15, 24, 10]);
  expect(bars.at(-1)?.left).toBeCloseTo(0.9);
  expect(bars.at(-1)?.width).toBeCloseTo(0.1);
});

test.each([false, true])("those rejected are a part of their bar (logarithmic: %s)", (log) => {
  const [first, second] = barsOf([0, 0.5, 1], [10, 4], 10, log, [4, 4]);
  const [six] = barsOf([0, 0.5, 1], [6, 10], 10, log);
  expect((first?.height ?? 0) - (first?.rejected ?? 0)).toBeCloseTo(six?.height ?? -1);
  expect(second?.rejected).toBe(second?.height);
});

test("with logarithmic heights one candidate among many can be seen", () => {
  const [few, many] = barsOf([0, 0.5, 1], [1, 100_000], 10, true);
  expect(few?.height).toBeGreaterThan(0.05);
  expect(many?.height).toBe(1);
});

test.each([false, true])("an empty histogram has bars without height (logarithmic: %s)", (log) => {
  expect(barsOf([0, 0.5, 1], [0, 0], 10, log).map((bar) => bar.height)).toEqual([0, 0]);
  expect(barsOf([], [], 10, log)).toEqual([]);
});
