import { describe, expect, it } from "vitest";

import { keptInSight, layoutOf, sizeFor } from "./layout";
import { extentOf } from "./planes";

describe("layout", () => {
  it.each([
    [[64, 192, 160], 900, 600],
    [[300, 1023, 1440], 811, 577],
    [[8, 4000, 200], 700, 500],
    [[500, 100, 100], 700, 500],
  ])("of %j shares the room without a rest and shows everything", (shape, width, height) => {
    const extent = extentOf(shape);
    const { sizes, fit } = layoutOf(extent, { width, height }, 6);
    expect(sizes.xy.width + sizes.yz.width).toBe(width - 6);
    expect(sizes.xy.height + sizes.xz.height).toBe(height - 6);
    expect(sizes.xz.width).toBe(sizes.xy.width);
    expect(sizes.yz.height).toBe(sizes.xy.height);
    expect(extent.x * fit).toBeLessThanOrEqual(sizes.xy.width + 1e-9);
    expect(extent.y * fit).toBeLessThanOrEqual(sizes.xy.height + 1e-9);
    expect(extent.z * fit).toBeLessThanOrEqual(sizes.xz.height + 1e-9);
    expect(sizes.xy.width).toBeGreaterThan(sizes.yz.width);
  });

  it("keeps true proportions for a usual tomogram", () => {
    const { sizes, fit } = layoutOf(extentOf([200, 600, 600]), { width: 806, height: 806 }, 6);
    expect(fit).toBeCloseTo(1, 9);
    expect(sizes.xz.height).toBe(200);
  });

  it("survives a window without room", () => {
    const { sizes, fit } = layoutOf(extentOf([64, 192, 160]), { width: 0, height: 0 }, 6);
    expect(fit).toBeGreaterThan(0);
    expect(sizes.xy.width).toBeGreaterThan(0);
  });
});

describe("size of slices", () => {
  const scales = [1, 2, 4, 8];
  const at = (zoom: number) => ({ zoom, centre: { x: 0, y: 0, z: 0 } });

  it("is the coarsest that shows all that the screen can", () => {
    expect(sizeFor(scales, at(3), 1)).toBe(0);
    expect(sizeFor(scales, at(0.5), 1)).toBe(1);
    expect(sizeFor(scales, at(0.26), 1)).toBe(1);
    expect(sizeFor(scales, at(0.25), 1)).toBe(2);
    expect(sizeFor(scales, at(0.01), 1)).toBe(3);
  });

  it("counts the pixels of the device", () => {
    expect(sizeFor(scales, at(0.5), 2)).toBe(0);
  });
});

describe("keeping the crosshair in sight", () => {
  const { sizes } = layoutOf(extentOf([200, 600, 600]), { width: 806, height: 806 }, 6);
  const camera = { zoom: 4, centre: { x: 300, y: 300, z: 100 } };

  it("leaves the camera where it is if it can", () => {
    expect(keptInSight(camera, { x: 340, y: 270, z: 90 }, sizes)).toEqual(camera);
  });

  it("moves along the axes on which it must, and no further", () => {
    const { centre } = keptInSight(camera, { x: 500, y: 300, z: 20 }, sizes);
    expect(centre.x).toBeCloseTo(500 - (0.45 * 600) / 4, 9);
    expect(centre.y).toBe(300);
    expect(centre.z).toBeCloseTo(20 + (0.45 * 200) / 4, 9);
  });
});
