import { describe, expect, it } from "vitest";

import type { Point } from "../api/schema";
import { KEPT, REJECTED, toCandidates, UNDECIDED, withDecisions } from "../review/candidates";
import { candidateMarks, isOpen, labelMarks, markAt, type Slab } from "./marks";

const slab: Slab = {
  plane: "xy",
  slice: 10,
  thickness: 1,
  radiusOf: (name) => (name === "large" ? 8 : 4),
};
const point = (id: string, z: number, class_name: string): Point => ({
  id,
  kind: "particle",
  x: 20,
  y: 30,
  z,
  class_name,
  by: null,
  at: null,
});
const candidates = toCandidates(1, 1, {
  is_picked: true,
  number: [7, 8, 9, 10],
  x: [10, 20, 30, 40],
  y: [1, 2, 3, 4],
  z: [10, 12, 10, 30],
  score: [0.9, 0.8, 0.2, 0.9],
  classes: [],
  class_index: null,
  judgement: null,
  said: [],
});

describe("marks in a slice", () => {
  it("are those whose spheres it cuts, by the size of their class", () => {
    const points = [point("near", 12, "small"), point("far", 16, "small"), point("wide", 16, "large")];
    const marks = labelMarks(points, slab);
    expect(marks.map(({ id }) => id)).toEqual(["near", "wide"]);
    expect(marks[0]!.radius).toBeCloseTo(Math.sqrt(12), 12);
    expect(marks[1]!.opacity).toBeLessThan(marks[0]!.opacity);
  });

  it("are candidates with what was decided, of which a click takes none that are rejected", () => {
    const found = (threshold: number, all = candidates) =>
      candidateMarks(all, threshold, slab, "candidate");
    expect(found(0.5).map(({ id }) => id)).toEqual([7, 8]);
    expect(found(0.1).map(({ id }) => id)).toEqual([7, 8, 9]);
    // A person rejects the first, and keeps the third although its score is low.
    const decided = withDecisions(
      candidates,
      new Map([
        [7, "reject"],
        [9, "keep"],
      ] as const),
    );
    const marks = found(0.5, decided);
    expect(marks.map(({ id, verdict }) => [id, verdict])).toEqual([
      [7, REJECTED],
      [8, UNDECIDED],
      [9, KEPT],
    ]);
    expect(marks.filter(isOpen).map(({ id }) => id)).toEqual([8, 9]);
  });

  it("are hit within their circles, the nearest first", () => {
    const marks = candidateMarks(candidates, 0.5, slab, "candidate");
    const camera = { centre: { x: 0, y: 0, z: 0 }, zoom: 3 };
    const size = { width: 200, height: 100 };
    const hit = (left: number, top: number) => markAt(marks, { left, top }, "xy", camera, size)?.id;
    expect(hit(130, 53)).toBe(7);
    expect(hit(141, 53)).toBe(7);
    expect(hit(152, 53)).toBe(8);
    expect(hit(130, 90)).toBeUndefined();
  });
});
