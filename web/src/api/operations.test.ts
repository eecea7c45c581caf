import { describe, expect, it } from "vitest";
import {
  applied,
  clashes,
  idsOf,
  inverse,
  isPoint,
  isSame,
  itemsOf,
  NO_ITEMS,
  touched,
  type Item,
  type Operation,
} from "./operations";
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
const put = (one: Item): Operation =>
  isPoint(one) ? { operation: "put_point", point: one } : { operation: "put_region", region: one };
const remove = (...ids: string[]): Operation => ({ operation: "remove", ids });
const items = (points: Point[], regions: Region[] = []) => itemsOf({ points, regions });
const xOf = (item: Item | undefined) => (item && isPoint(item) ? item.x : null);

describe("operations", () => {
  it("add, replace and remove by id, and leave the labels before alone", () => {
    const first = applied(NO_ITEMS, [put(point("one", 1)), put(point("two", 2))]);
    const moved = applied(first, [put(point("one", 5)), put(region("r", 0))]);
    const removed = applied(moved, [remove("two", "r", "not-there")]);
    expect(NO_ITEMS.size).toBe(0);
    expect([...first.values()].map(xOf)).toEqual([1, 2]);
    expect([...moved.keys()]).toEqual(["one", "two", "r"]);
    expect([...removed.values()].map(xOf)).toEqual([5]);
  });

  it("touch each id once, and say what they replace", () => {
    const operations = [put(point("one", 5)), put(point("new", 3)), remove("one", "r")];
    expect(idsOf(operations)).toEqual(["one", "new", "r"]);
    const before = items([point("one", 1)], [region("r", 0)]);
    expect(touched(before, operations)).toEqual([point("one", 1), region("r", 0)]);
  });

  it("can all be taken back", () => {
    const before = items([point("one", 1), point("two", 2)], [region("r", 0)]);
    const operations = [
      put(point("one", 7)),
      put(point("new", 3)),
      put(point("new", 4)),
      remove("two", "r"),
      put(region("r-two", 2)),
    ];
    const back = applied(applied(before, operations), inverse(before, operations));
    expect([...back.keys()].sort()).toEqual(["one", "r", "two"]);
    for (const [id, item] of before) expect(isSame(back.get(id), item)).toBe(true);
  });

  it("do not claim who set what is put back", () => {
    const before = items([point("one", 1, { by: "ada", at: "2026-01-01T00:00:00Z" })]);
    expect(inverse(before, [remove("one")])).toMatchObject([{ point: { by: null, at: null } }]);
  });
});

describe("merging", () => {
  it("compares what is said, not who said it", () => {
    expect(isSame(point("a", 1, { by: "anna", z: null }), point("a", 1))).toBe(true);
    expect(isSame(point("a", 1), point("a", 1, { kind: "not_particle" }))).toBe(false);
    expect(isSame(region("r", 0), { ...region("r", 0), z_low: null })).toBe(true);
    expect(isSame(undefined, undefined)).toBe(true);
    expect(isSame(undefined, point("a", 1))).toBe(false);
  });

  it("finds what both changed, and nothing else", () => {
    const operations = [
      put(point("moved", 2)),
      remove("gone", "kept"),
      put(point("fresh", 5)),
      put(region("r", 3)),
    ];
    const before = [point("moved", 1), point("gone", 1), point("kept", 1), region("r", 1)];
    const saved = items([point("moved", 7), point("kept", 1), point("other", 4)], [region("r", 0)]);
    expect(clashes(operations, before, saved)).toEqual(["moved", "r"]);
  });

  it("looks at the end of an edit that touches a thing twice", () => {
    const operations = [remove("a"), put(point("a", 2))];
    expect(clashes(operations, [point("a", 1)], items([point("a", 2)]))).toEqual([]);
    expect(clashes(operations, [point("a", 1)], items([point("a", 3)]))).toEqual(["a"]);
  });
});
