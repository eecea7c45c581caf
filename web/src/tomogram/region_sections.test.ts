import { describe, expect, it } from "vitest";
import type { Region } from "../api/schema";
import { regionAt, sectionsOf } from "./region_sections";

/** A letter U from above: two arms along y, at x 0 to 10 and 20 to 30, on a bar at y 20 to 30. */
const region: Region = {
  id: "u",
  kind: "exclude",
  outline: [[0, 0], [10, 0], [10, 20], [20, 20], [20, 0], [30, 0], [30, 30], [0, 30]],
  z_low: 4.5,
  z_high: 9.5,
  by: null,
  at: null,
};

describe("a region with a depth", () => {
  it("is its outline in the slices that it reaches", () => {
    expect(sectionsOf(region, "xy", 4)).toEqual([]);
    expect(sectionsOf(region, "xy", 10)).toEqual([]);
    const [section] = sectionsOf(region, "xy", 5);
    expect(section).toHaveLength(8);
    expect(section?.[2]).toEqual({ x: 10, y: 20, z: 5 });
  });

  it("is boxes as deep as it reaches from the front and from the side", () => {
    const sides = (plane: "xz" | "yz", slice: number) =>
      sectionsOf(region, plane, slice).map((box) => box.map(({ x, y, z }) => [x, y, z]));
    expect(sides("xz", 10)).toEqual([
      [[0, 10, 4.5], [10, 10, 4.5], [10, 10, 9.5], [0, 10, 9.5]],
      [[20, 10, 4.5], [30, 10, 4.5], [30, 10, 9.5], [20, 10, 9.5]],
    ]);
    expect(sides("xz", 25)).toHaveLength(1);
    expect(sides("xz", 31)).toEqual([]);
    expect(sides("yz", 15)).toEqual([
      [[15, 20, 4.5], [15, 30, 4.5], [15, 30, 9.5], [15, 20, 9.5]],
    ]);
  });

  it("is one box where its outline goes around a place twice", () => {
    const square = [[0, 0], [10, 0], [10, 10], [0, 10]];
    const twice = { ...region, outline: [...square, ...square] };
    expect(sectionsOf(twice, "xz", 5)).toHaveLength(1);
  });

  it("is found by a place in it, the last drawn first", () => {
    const all = { ...region, id: "all", z_low: -0.5, z_high: 47.5 };
    const at = (x: number, y: number, z: number) => regionAt([all, region], { x, y, z })?.id;
    expect(at(5, 5, 7)).toBe("u");
    expect(at(5, 5, 20)).toBe("all");
    expect(at(15, 5, 7)).toBeUndefined();
  });
});
