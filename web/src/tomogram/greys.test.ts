import { describe, expect, it } from "vitest";

import { greyTable, paint, smoothed } from "./greys";

describe("greys", () => {
  it("spread the wanted range over the screen", () => {
    const table = greyTable(50, 150);
    expect([table[0], table[50], table[100], table[150], table[255]]).toEqual([0, 0, 128, 255, 255]);
  });

  it("turn around where low is above high, and survive an empty range", () => {
    const table = greyTable(200, 100);
    expect([table[50], table[100], table[200], table[255]]).toEqual([255, 255, 0, 0]);
    expect(greyTable(80, 80)[81]).toBe(255);
    expect(greyTable(80, 80)[80]).toBe(0);
  });

  it("are painted opaque", () => {
    const out = new Uint8ClampedArray(8);
    paint({ grey: Uint8Array.of(0, 255), width: 2, height: 1 }, greyTable(255, 0), out);
    expect([...out]).toEqual([255, 255, 255, 255, 0, 0, 0, 255]);
  });
});

describe("smoothing", () => {
  const spot = (width: number, height: number) => {
    const grey = new Uint8Array(width * height);
    grey[Math.floor(height / 2) * width + Math.floor(width / 2)] = 255;
    return { grey, width, height };
  };

  it("leaves a picture alone below a pixel, and flat ones as they are", () => {
    const picture = spot(7, 5);
    expect(smoothed(picture, 0)).toBe(picture);
    const flat = { grey: new Uint8Array(35).fill(77), width: 7, height: 5 };
    expect(smoothed(flat, 3).grey).toEqual(flat.grey);
  });

  it("spreads a spot evenly over both axes of an odd picture", () => {
    const { grey, width } = smoothed(spot(21, 15), 1.5);
    const at = (x: number, y: number) => grey[y * width + x];
    expect(at(10, 7)).toBeGreaterThan(5);
    expect(at(10, 7)).toBeLessThan(255);
    expect(at(8, 7)).toBe(at(12, 7));
    expect(at(10, 5)).toBe(at(12, 7));
    expect(at(0, 0)).toBe(0);
  });
});
