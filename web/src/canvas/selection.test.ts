import { describe, expect, it } from "vitest";
import type { Point } from "../api/client";
import { removal, retyped } from "./selection";

const point = (id: string, kind: Point["kind"], class_name: string): Point => ({
  id,
  kind,
  class_name,
  x: 1,
  y: 2,
  z: null,
});

describe("a selection", () => {
  const points = [
    point("point-one", "particle", "ribosome"),
    point("point-two", "not_particle", "ice"),
  ];
  const candidates = [{ x: 5.5, y: 6.5 }];

  it("becomes particles, leaving those that are so already", () => {
    expect(retyped({ points, candidates }, "particle", "ribosome")).toMatchObject([
      { point: { id: "point-two", kind: "particle", class_name: "ribosome" } },
      { point: { x: 5.5, y: 6.5, kind: "particle", class_name: "ribosome" } },
    ]);
  });

  it("becomes no particles, keeping what a person said they are", () => {
    expect(retyped({ points, candidates: [] }, "not_particle", "junk")).toMatchObject([
      { point: { id: "point-one", kind: "not_particle", class_name: "junk" } },
    ]);
  });

  it("is removed as far as it is marked", () => {
    expect(removal({ points, candidates })).toEqual([
      { operation: "remove", ids: ["point-one", "point-two"] },
    ]);
    expect(removal({ points: [], candidates })).toEqual([]);
  });
});
