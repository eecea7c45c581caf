import { describe, expect, it } from "vitest";
import { packed, stretchesIn, type Packing } from "./packed";

const usual = { scores: null, radii: null, radius: 60, threshold: 0.5 };

/** A square of circles, `side` along each axis, one apart. */
function square(side: number, more: Partial<Packing> = {}) {
  const positions = Float32Array.from({ length: 2 * side * side }, (_, index) => {
    const place = index >> 1;
    return index % 2 === 0 ? place % side : Math.floor(place / side);
  });
  return packed({ positions, ...usual, ...more });
}

describe("circles for the graphics card", () => {
  it("hold place and radius", () => {
    const positions = Float32Array.of(1, 2, 3, 4);
    const one = packed({ ...usual, positions });
    expect([...one.data]).toEqual([1, 2, 60, 0, 3, 4, 60, 0]);
    expect(one.largest).toBe(60);
    const radii = Float32Array.of(5, 7);
    expect(packed({ ...usual, positions, radii }).largest).toBe(7);
  });

  it("are those from the threshold on, and all where they have no score", () => {
    const scores = Float32Array.of(0.75, 0.25, 0.5);
    const positions = Float32Array.of(1, 1, 2, 2, 3, 3);
    const some = packed({ ...usual, positions, scores });
    expect(some.width).toBe(2);
    expect([some.data[0], some.data[4]]).toEqual([1, 3]);
    expect(packed({ ...usual, positions, threshold: 9 }).width).toBe(3);
  });

  it("fill rows of a texture", () => {
    const size = (count: number) =>
      packed({ positions: new Float32Array(2 * count), ...usual });
    expect(size(0)).toMatchObject({ width: 1, height: 1, largest: 0 });
    expect(size(1024)).toMatchObject({ width: 1024, height: 1 });
    expect(size(1025)).toMatchObject({ width: 1024, height: 2 });
    expect(size(1025).data.length).toBe(4 * 2048);
  });

  it("are drawn by one call where all are in sight", () => {
    const many = square(100);
    expect(many.cells.count).toBeGreaterThan(3);
    const all = { left: -10, top: -10, right: 110, bottom: 110 };
    expect(stretchesIn(many, all)).toEqual([{ first: 0, count: 10_000 }]);
  });

  it("are left out far from what is in sight, and none that is in sight", () => {
    const many = square(100);
    const part = { left: 20, top: 30, right: 29, bottom: 39 };
    const stretches = stretchesIn(many, part);
    const shown = new Set<string>();
    for (const { first, count } of stretches) {
      for (let circle = first; circle < first + count; circle++) {
        shown.add(`${many.data[4 * circle]},${many.data[4 * circle + 1]}`);
      }
    }
    for (let x = 20; x <= 29; x++) {
      for (let y = 30; y <= 39; y++) expect(shown).toContain(`${x},${y}`);
    }
    expect(shown.size).toBeLessThan(2500);
    expect(stretches.length).toBeLessThanOrEqual(many.cells.count);
  });

  it("are none beside all of them, and none where there are none", () => {
    const beside = { left: 200, top: 0, right: 300, bottom: 100 };
    expect(stretchesIn(square(100), beside)).toEqual([]);
    const nothing = packed({ positions: new Float32Array(), ...usual });
    expect(stretchesIn(nothing, beside)).toEqual([]);
  });

  it("may all lie at one place", () => {
    const heap = packed({ positions: new Float32Array(2000), ...usual });
    const around = { left: -1, top: -1, right: 1, bottom: 1 };
    expect(stretchesIn(heap, around)).toEqual([{ first: 0, count: 1000 }]);
  });
});
