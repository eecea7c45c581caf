import { describe, expect, it } from "vitest";
import type { Operation, Point, Region } from "../api/client";
import { applied, EMPTY, History, inverse, labelSet } from "./history";

const point = (id: string, x: number): Point => ({
  id,
  kind: "particle",
  x,
  y: 2,
  z: null,
  class_name: "particle",
  by: "ada",
  at: "2026-01-01T00:00:00Z",
});
const region: Region = { id: "region-one", kind: "exclude", outline: [[0, 0], [9, 0], [0, 9]] };
const put = (one: Point): Operation => ({ operation: "put_point", point: one });

describe("labels as edits change them", () => {
  it("adds, replaces and removes by id, and leaves the labels before alone", () => {
    const first = applied(EMPTY, [put(point("point-one", 1)), put(point("point-two", 2))]);
    const moved = applied(first, [put(point("point-one", 5))]);
    const removed = applied(moved, [{ operation: "remove", ids: ["point-two", "not-there"] }]);
    expect(EMPTY.points.size).toBe(0);
    expect([...first.points.values()].map((one) => one.x)).toEqual([1, 2]);
    expect([...removed.points.values()].map((one) => one.x)).toEqual([5]);
  });

  it("inverts any edit", () => {
    const before = labelSet([point("point-one", 1), point("point-two", 2)], [region]);
    const operations: Operation[] = [
      put(point("point-one", 7)),
      put(point("point-new", 3)),
      put(point("point-new", 4)),
      { operation: "remove", ids: ["point-two", "region-one"] },
      { operation: "put_region", region: { ...region, id: "region-two" } },
    ];
    const back = applied(applied(before, operations), inverse(before, operations));
    expect([...back.points.keys()].sort()).toEqual(["point-one", "point-two"]);
    expect(back.points.get("point-one")?.x).toBe(1);
    expect([...back.regions.keys()]).toEqual(["region-one"]);
  });

  it("does not claim who set what is put back", () => {
    const before = labelSet([point("point-one", 1)], []);
    const back = inverse(before, [{ operation: "remove", ids: ["point-one"] }]);
    expect(back).toMatchObject([{ point: { by: null, at: null } }]);
  });
});

describe("history", () => {
  it("goes back and forth over ten thousand steps", () => {
    const history = new History();
    let labels = EMPTY;
    for (let step = 0; step < 10_000; step++) {
      const operations = [put(point(`point-${step % 100}`, step))];
      history.add(labels, operations);
      labels = applied(labels, operations);
    }
    const last = labels;
    for (let back = history.undo(); back; back = history.undo()) labels = applied(labels, back);
    expect(labels.points.size).toBe(0);
    expect(history.canUndo).toBe(false);
    for (let forth = history.redo(); forth; forth = history.redo()) labels = applied(labels, forth);
    expect(labels.points.get("point-7")?.x).toBe(last.points.get("point-7")?.x);
    expect(history.canRedo).toBe(false);
  });

  it("forgets what was taken back at a new edit", () => {
    const history = new History();
    history.add(EMPTY, [put(point("point-one", 1))]);
    history.undo();
    history.add(EMPTY, [put(point("point-two", 1))]);
    expect(history.canRedo).toBe(false);
    expect(history.undo()).toEqual([{ operation: "remove", ids: ["point-two"] }]);
  });
});
