import { describe, expect, it } from "vitest";
import { PointIndex } from "./point_index";

/** Numbers between 0 and 1 that are the same every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

describe("point index", () => {
  const next = numbers(7);
  const x = Array.from({ length: 2000 }, () => next() * 1000 - 100);
  const y = Array.from({ length: 2000 }, () => next() * 1000 - 100);
  const index = new PointIndex(x, y, 25);

  it("finds the nearest, as a search of all does", () => {
    for (let trial = 0; trial < 200; trial++) {
      const place = { x: next() * 1000 - 100, y: next() * 1000 - 100 };
      const distances = x.map((value, at) => Math.hypot(value - place.x, (y[at] ?? 0) - place.y));
      const least = Math.min(...distances);
      const found = index.nearest(place, 30);
      if (least > 30) expect(found).toBeNull();
      else expect(found?.index).toBe(distances.indexOf(least));
    }
  });

  it("leaves out what does not count", () => {
    const found = index.nearest({ x: x[5] ?? 0, y: y[5] ?? 0 }, 200, (at) => at !== 5);
    expect(found).not.toBeNull();
    expect(found?.index).not.toBe(5);
  });

  it("finds what lies in a rectangle", () => {
    const rectangle = { left: -40, top: 100, right: 333, bottom: 251 };
    const expected = x.flatMap((value, at) =>
      value >= -40 && value <= 333 && (y[at] ?? 0) >= 100 && (y[at] ?? 0) <= 251 ? [at] : [],
    );
    expect(index.inside(rectangle).sort((a, b) => a - b)).toEqual(expected);
  });

  it("is content with nothing", () => {
    expect(new PointIndex([], [], 10).nearest({ x: 0, y: 0 }, 100)).toBeNull();
  });
});
