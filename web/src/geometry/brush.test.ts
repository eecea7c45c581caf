import { describe, expect, it } from "vitest";
import { isUnder, outlineOfStroke } from "./brush";
import { areaOf, contains } from "./polygon";

describe("brush", () => {
  it("makes a disc of one dab", () => {
    const outline = outlineOfStroke([{ x: 300, y: 200 }], 60, 2000);
    expect(outline.length).toBeGreaterThan(8);
    expect(areaOf(outline) / (Math.PI * 60 ** 2)).toBeGreaterThan(0.95);
    expect(areaOf(outline) / (Math.PI * 60 ** 2)).toBeLessThan(1.05);
    expect(contains(outline, { x: 300, y: 200 })).toBe(true);
    expect(contains(outline, { x: 370, y: 200 })).toBe(false);
  });

  it("covers a stroke that crosses itself, and fills its loop", () => {
    const path = [
      { x: 0, y: 0 },
      { x: 100, y: 100 },
      { x: 100, y: 0 },
      { x: 0, y: 100 },
    ];
    const outline = outlineOfStroke(path, 10, 2000);
    for (let x = -20; x <= 120; x += 4) {
      for (let y = -20; y <= 120; y += 4) {
        if (isUnder(path, 8, { x, y })) expect(contains(outline, { x, y })).toBe(true);
        const isInLoop = x > 60 && y > 100 - x && y < x;
        if (!isUnder(path, 12, { x, y }) && !isInLoop) {
          expect(contains(outline, { x, y })).toBe(false);
        }
      }
    }
  });

  it("keeps to the number of corners that the server takes", () => {
    const wild = Array.from({ length: 4000 }, (_, index) => ({
      x: 2000 + 1500 * Math.sin(index * 1.7),
      y: 2000 + 1500 * Math.sin(index * 2.9),
    }));
    expect(outlineOfStroke(wild.slice(0, 60), 5, 200).length).toBeLessThanOrEqual(200);
    expect(outlineOfStroke([], 5, 200)).toEqual([]);
  });
});
