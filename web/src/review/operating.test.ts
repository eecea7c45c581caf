import { expect, test } from "vitest";

import { bestPrecision, ofWhat, percent, pointAt, thresholdFor } from "./operating";

const share = (value: number | null) => (value === null ? null : { value, low: null, high: null });

const point = (threshold: number, selected: number, precision: number | null) => ({
  threshold,
  selected,
  precision: share(precision),
  kept: selected,
  kept_precision: share(precision),
});

const points = [point(0, 100, 0.5), point(0.25, 60, 0.8), point(0.5, 30, 0.95), point(0.75, 4, 0.9)];

test("a threshold between two rows is read at the next higher one, which selects no fewer", () => {
  expect(pointAt(points, 0.25)?.selected).toBe(60);
  expect(pointAt(points, 0.26)?.selected).toBe(30);
  expect(pointAt(points, 0)?.selected).toBe(100);
});

test("a threshold that rounding moved is still its own row", () => {
  expect(pointAt([point(0.3, 7, null), point(0.4, 3, null)], 0.1 + 0.2)?.selected).toBe(7);
});

test("above all rows, and in an empty table, there is nothing", () => {
  expect(pointAt(points, 0.8)).toBeNull();
  expect(pointAt([], 0.1)).toBeNull();
});

test("a wanted precision gives the lowest threshold that reaches it", () => {
  expect(thresholdFor(points, 0.8, "selected")).toBe(0.25);
  expect(thresholdFor(points, 0.81, "selected")).toBe(0.5);
  expect(thresholdFor(points, 0.4, "selected")).toBe(0);
});

test("a precision that nothing reaches gives none, nor do rows that select nothing", () => {
  expect(thresholdFor(points, 0.96, "selected")).toBeNull();
  expect(thresholdFor([point(0.9, 0, 1)], 0.5, "selected")).toBeNull();
  expect(thresholdFor([point(0.1, 10, null)], 0.5, "selected")).toBeNull();
  expect(bestPrecision(points, "selected")).toBe(0.95);
  expect(bestPrecision([point(0.1, 10, null)], "selected")).toBeNull();
});

test("once anything was decided, what is left of the selected is what counts", () => {
  const decided = points.map((one) => ({ ...one, kept: one.kept - 1, kept_precision: share(0.97) }));
  expect(ofWhat(points)).toBe("selected");
  expect(ofWhat(decided)).toBe("kept");
  expect(bestPrecision(decided, "kept")).toBe(0.97);
  expect(thresholdFor(decided, 0.96, "kept")).toBe(0);
  expect(thresholdFor(decided, 0.96, "selected")).toBeNull();
});

test.each([
  [0.934, "93 %"],
  [0.9952, "99.5 %"],
  [0.002, "0.2 %"],
  [0.99999, "100 %"],
  [1, "100 %"],
  [0, "0 %"],
])("%f is written %s", (share, text) => {
  expect(percent(share)).toBe(text);
});
