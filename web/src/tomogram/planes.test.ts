import { describe, expect, it } from "vitest";

import {
  axesOf,
  clamped,
  extentOf,
  isInside,
  isTransposed,
  middleOf,
  panned,
  PLANES,
  sliceThrough,
  stepped,
  toScreen,
  toVoxel,
  zoomedAbout,
} from "./planes";

const extent = extentOf([37, 101, 64]);
const camera = { centre: { x: 30.5, y: 49, z: 18 }, zoom: 2.75 };
const size = { width: 311, height: 207 };
const voxel = { x: 11.25, y: 73.5, z: 5 };

describe("planes", () => {
  it("takes the shape slowest axis first", () => {
    expect(extent).toEqual({ x: 64, y: 101, z: 37 });
    expect(middleOf(extent)).toEqual({ x: 32, y: 50, z: 18 });
  });

  it.each(PLANES)("%s: screen and voxel undo each other", (plane) => {
    const place = toScreen(plane, voxel, camera, size);
    const back = toVoxel(plane, place, voxel[axesOf(plane).normal], camera, size);
    expect(back.x).toBeCloseTo(voxel.x, 9);
    expect(back.y).toBeCloseTo(voxel.y, 9);
    expect(back.z).toBeCloseTo(voxel.z, 9);
  });

  it("draws the centre in the middle, one voxel right and down one zoom further", () => {
    expect(toScreen("xy", camera.centre, camera, size)).toEqual({ left: 155.5, top: 103.5 });
    const next = { x: 31.5, y: 50, z: 19 };
    expect(toScreen("xy", next, camera, size)).toEqual({ left: 158.25, top: 106.25 });
    expect(toScreen("xz", next, camera, size)).toEqual({ left: 158.25, top: 106.25 });
    expect(toScreen("yz", { ...next, y: 49 }, camera, size)).toEqual({ left: 158.25, top: 103.5 });
  });

  it("keeps neighbours in line: xz shares columns with xy, yz shares rows", () => {
    const xy = toScreen("xy", voxel, camera, size);
    expect(toScreen("xz", voxel, camera, size).left).toBe(xy.left);
    expect(toScreen("yz", voxel, camera, size).top).toBe(xy.top);
    expect(PLANES.filter(isTransposed)).toEqual(["yz"]);
  });

  it("knows the inside, half a voxel around the outer centres", () => {
    expect(isInside({ x: -0.5, y: 100.5, z: 36.5 }, extent)).toBe(true);
    expect(isInside({ x: -0.51, y: 0, z: 0 }, extent)).toBe(false);
    expect(isInside({ x: 0, y: 0, z: 36.51 }, extent)).toBe(false);
    expect(clamped({ x: -3, y: 100.4, z: 90 }, extent)).toEqual({ x: 0, y: 100, z: 36 });
  });

  it("finds the slice through a voxel, and the next ones up to the ends", () => {
    expect(sliceThrough("xy", { x: 0, y: 0, z: 5.6 }, extent)).toBe(6);
    expect(sliceThrough("yz", { x: 900, y: 0, z: 0 }, extent)).toBe(63);
    expect(stepped("xz", voxel, 1, extent)).toEqual({ x: 11.25, y: 75, z: 5 });
    expect(stepped("xy", voxel, -50, extent).z).toBe(0);
    expect(stepped("xy", voxel, 50, extent).z).toBe(36);
  });

  it.each(PLANES)("%s: zooming keeps a voxel where it is, within limits", (plane) => {
    const limits = { least: 0.1, most: 40 };
    const before = toScreen(plane, voxel, camera, size);
    const zoomed = zoomedAbout(voxel, 1.7, camera, limits);
    const after = toScreen(plane, voxel, zoomed, size);
    expect(zoomed.zoom).toBeCloseTo(camera.zoom * 1.7, 9);
    expect(after.left).toBeCloseTo(before.left, 9);
    expect(after.top).toBeCloseTo(before.top, 9);
    expect(zoomedAbout(voxel, 1e6, camera, limits).zoom).toBe(40);
    expect(zoomedAbout(voxel, 1e-6, camera, limits).zoom).toBe(0.1);
  });

  it("pans with the pointer, and not beyond the volume", () => {
    const moved = panned("yz", { left: 5.5, top: -11 }, camera, extent);
    expect(moved.centre).toEqual({ x: 30.5, y: 53, z: 16 });
    expect(panned("xy", { left: 1e5, top: 0 }, camera, extent).centre.x).toBe(0);
  });
});
