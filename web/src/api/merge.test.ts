import { describe, expect, it } from "vitest";
import { clashes, isSame, itemsOf, type Operation } from "./merge";
import type { Point, Region } from "./schema";

const point = (id: string, x: number, more: Partial<Point> = {}): Point => ({
  id,
  kind: "particle",
  x,
  y: 1,
  class_name: "particle",
  ...more,
});
const region = (id: string, x: number): Region => ({
  id,
  kind: "exclude",
  outline: [
    [x, 0],
    [9, 0],
    [9, 9],
  ],
});
const now = (...points: Point[]) =>
  itemsOf({ image: 1, version: 3, points, regions: [region("r", 0)] });

describe("merging", () => {
  it("compares what is said, not who said it", () => {
    expect(isSame(point("a", 1, { by: "anna", z: null }), point("a", 1))).toBe(true);
    expect(isSame(point("a", 1), point("a", 1, { kind: "not_particle" }))).toBe(false);
    expect(isSame(region("r", 0), { ...region("r", 0), z_low: null })).toBe(true);
  });

  it("finds what both changed, and nothing else", () => {
    const operations: Operation[] = [
      { operation: "put_point", point: point("moved", 2) },
      { operation: "remove", ids: ["gone", "kept"] },
      { operation: "put_point", point: point("fresh", 5) },
      { operation: "put_region", region: region("r", 3) },
    ];
    const before = [point("moved", 1), point("gone", 1), point("kept", 1), region("r", 1)];
    const saved = now(point("moved", 7), point("kept", 1), point("other", 4));
    expect(clashes(operations, before, saved)).toEqual(["moved", "r"]);
  });

  it("looks at the end of an edit that touches a thing twice", () => {
    const operations: Operation[] = [
      { operation: "remove", ids: ["a"] },
      { operation: "put_point", point: point("a", 2) },
    ];
    expect(clashes(operations, [point("a", 1)], now(point("a", 2)))).toEqual([]);
    expect(clashes(operations, [point("a", 1)], now(point("a", 3)))).toEqual(["a"]);
  });
});
