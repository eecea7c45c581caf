import { describe, expect, it } from "vitest";

import { distanceToSlab, drawnRadius, sectionOf } from "./sections";

describe("sections of spheres", () => {
  it("are widest and clearest in the middle", () => {
    expect(sectionOf(10, 0)).toEqual({ radius: 10, opacity: 1 });
  });

  it("follow Pythagoras", () => {
    expect(sectionOf(5, 3)!.radius).toBeCloseTo(4, 12);
    expect(sectionOf(13, 12)!.radius).toBeCloseTo(5, 12);
  });

  it("fade steadily and stay visible to the rim", () => {
    const opacities = [0, 2, 4, 6, 8, 9.99].map((distance) => sectionOf(10, distance)!.opacity);
    expect([...opacities].sort((a, b) => b - a)).toEqual(opacities);
    expect(opacities.at(-1)).toBeGreaterThan(0.2);
  });

  it("are none where the slice misses the sphere", () => {
    expect(sectionOf(10, 10)).toBeNull();
    expect(sectionOf(10, 11)).toBeNull();
    expect(sectionOf(0, 0)).toBeNull();
    expect(sectionOf(Number.NaN, 0)).toBeNull();
  });

  it("reach as far as the slab is thick", () => {
    const voxel = { x: 4, y: 50, z: 12 };
    expect(distanceToSlab("xy", voxel, 10, 1)).toBe(2);
    expect(distanceToSlab("xy", voxel, 10, 5)).toBe(0);
    expect(distanceToSlab("xz", voxel, 40, 11)).toBe(5);
    expect(distanceToSlab("yz", voxel, 4.5, 1)).toBe(0.5);
  });

  it("are never too small to be seen", () => {
    expect(drawnRadius({ radius: 8, opacity: 1 }, 2)).toBe(16);
    expect(drawnRadius({ radius: 0.1, opacity: 1 }, 0.5)).toBeGreaterThan(2);
  });
});
