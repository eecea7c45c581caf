import { describe, expect, it } from "vitest";
import {
  areaOf,
  boundsOf,
  clipped,
  contains,
  distanceToSegment,
  rectangleBetween,
  simplified,
  withinCorners,
} from "./polygon";

const circle = Array.from({ length: 720 }, (_, index) => ({
  x: 100 + 50 * Math.cos((index / 360) * Math.PI),
  y: 80 + 50 * Math.sin((index / 360) * Math.PI),
}));

describe("polygon", () => {
  it("tells inside from outside, in a notch too", () => {
    const notched = [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 10 },
      { x: 5, y: 3 },
      { x: 0, y: 10 },
    ];
    expect(contains(notched, { x: 1, y: 5 })).toBe(true);
    expect(contains(notched, { x: 5, y: 5 })).toBe(false);
    expect(contains(notched, { x: 5, y: 2 })).toBe(true);
    expect(contains(notched, { x: -1, y: 5 })).toBe(false);
    expect(contains([], { x: 0, y: 0 })).toBe(false);
  });

  it("makes rectangles from any two corners", () => {
    const outline = rectangleBetween({ x: 9, y: 1 }, { x: 2, y: 6 });
    expect(areaOf(outline)).toBe(35);
    expect(boundsOf(outline)).toEqual({ left: 2, top: 1, right: 9, bottom: 6 });
  });

  it("leaves out corners without leaving the outline", () => {
    const fewer = simplified(circle, 0.5);
    expect(fewer.length).toBeLessThan(60);
    expect(areaOf(fewer)).toBeGreaterThan(0.98 * areaOf(circle));
    for (const place of circle) {
      const distances = fewer.map((corner, index) =>
        distanceToSegment(place, corner, fewer[(index + 1) % fewer.length] ?? corner),
      );
      expect(Math.min(...distances)).toBeLessThanOrEqual(0.5);
    }
  });

  it("keeps to a number of corners, and to three at least", () => {
    expect(withinCorners(circle, 12, 0.01).length).toBeLessThanOrEqual(12);
    const line = [0, 1, 2, 3, 4].map((x) => ({ x, y: 0 }));
    expect(simplified(line, 1).length).toBeGreaterThanOrEqual(3);
  });

  it("cuts to a rectangle", () => {
    const to = { left: 0, top: 0, right: 10, bottom: 10 };
    const cut = clipped(rectangleBetween({ x: -5, y: 5 }, { x: 5, y: 15 }), to);
    expect(areaOf(cut)).toBe(25);
    expect(clipped(rectangleBetween({ x: 20, y: 20 }, { x: 30, y: 30 }), to)).toEqual([]);
  });
});
