import { describe, expect, it } from "vitest";
import { packed, selectedCount } from "./packed";

describe("circles for the graphics card", () => {
  it("hold place, score and radius, with a sign for the faint ones", () => {
    const { data: numbers } = packed({
      positions: Float32Array.of(1, 2, 3, 4),
      scores: Float32Array.of(0.5, 0.25),
      radii: null,
      faint: Uint8Array.of(0, 1),
      radius: 60,
    });
    expect([...numbers]).toEqual([1, 2, 0.5, 60, 3, 4, 0.25, -60]);
  });

  it("are drawn whatever the threshold where they have no score", () => {
    const { data: numbers } = packed({
      positions: Float32Array.of(1, 2),
      scores: null,
      radii: Float32Array.of(0),
      faint: null,
      radius: 60,
    });
    expect(numbers[2]).toBe(Infinity);
    expect(numbers[3]).toBeGreaterThan(0);
    expect(selectedCount(1, null, 0.9)).toBe(1);
  });

  it("fill rows of a texture", () => {
    const many = { scores: null, radii: null, faint: null, radius: 1 };
    const size = (count: number) => packed({ positions: new Float32Array(2 * count), ...many });
    expect(size(0)).toMatchObject({ width: 1, height: 1 });
    expect(size(1024)).toMatchObject({ width: 1024, height: 1 });
    expect(size(1025)).toMatchObject({ width: 1024, height: 2 });
    expect(size(1025).data.length).toBe(4 * 2048);
  });

  it("are counted down to the threshold, where the best come first", () => {
    const scores = Float32Array.of(0.9, 0.75, 0.5, 0.5, 0.125);
    expect(selectedCount(5, scores, 0.5)).toBe(4);
    expect(selectedCount(5, scores, 0.95)).toBe(0);
    expect(selectedCount(5, scores, 0)).toBe(5);
    expect(selectedCount(3, Float32Array.of(0.1, 0.9, 0.2), 0.5)).toBe(3);
  });
});
