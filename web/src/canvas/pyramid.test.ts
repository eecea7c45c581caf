import { describe, expect, it } from "vitest";
import type { Pyramid } from "../api/client";
import { levelFor, placeOf, sizeOf, tilesIn } from "./pyramid";

const pyramid = {
  tile_px: 512,
  levels: [
    { scale: 1, width: 3838, height: 3710 },
    { scale: 2, width: 1919, height: 1855 },
    { scale: 4, width: 960, height: 928 },
    { scale: 8, width: 480, height: 464 },
  ],
} as unknown as Pyramid;

describe("levels", () => {
  it("are as fine as the screen can show, and no finer", () => {
    expect(levelFor(pyramid, 1, 0)).toBe(0);
    expect(levelFor(pyramid, 8, 0)).toBe(0);
    expect(levelFor(pyramid, 0.5, 0)).toBe(1);
    expect(levelFor(pyramid, 0.2, 0)).toBe(2);
    expect(levelFor(pyramid, 0.01, 0)).toBe(3);
  });

  it("are coarser where a low-pass leaves nothing fine", () => {
    expect(levelFor(pyramid, 1, 1)).toBe(0);
    expect(levelFor(pyramid, 1, 2)).toBe(1);
    expect(levelFor(pyramid, 1, 5)).toBe(2);
    expect(levelFor(pyramid, 1, 100)).toBe(3);
    expect(levelFor(pyramid, 0.2, 1)).toBe(2);
  });
});

describe("tiles", () => {
  it("cover what is shown, from its middle", () => {
    const tiles = tilesIn(pyramid, 0, { left: 600, top: 600, right: 1500, bottom: 1000 });
    expect(tiles.length).toBe(2);
    expect(tiles.every((tile) => tile.row === 1)).toBe(true);
    expect(tiles.map((tile) => tile.column).sort()).toEqual([1, 2]);
    const all = tilesIn(pyramid, 0, { left: -1e5, top: -1e5, right: 1e5, bottom: 1e5 });
    expect(all.length).toBe(64);
    expect(tilesIn(pyramid, 0, { left: 5000, top: 0, right: 6000, bottom: 9 })).toEqual([]);
  });

  it("begin at the corner of the first pixel and end with the level", () => {
    expect(placeOf(pyramid, { level: 0, row: 0, column: 0 })).toEqual({
      left: -0.5,
      top: -0.5,
      scale: 1,
    });
    expect(placeOf(pyramid, { level: 1, row: 1, column: 2 })).toEqual({
      left: 2047.5,
      top: 1023.5,
      scale: 2,
    });
    expect(sizeOf(pyramid, { level: 0, row: 7, column: 7 })).toEqual({ width: 254, height: 126 });
    expect(sizeOf(pyramid, { level: 3, row: 0, column: 0 })).toEqual({ width: 480, height: 464 });
  });
});
