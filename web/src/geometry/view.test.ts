import { describe, expect, it } from "vitest";
import { fitted, LARGEST_SCALE, panned, shown, toImage, toScreen, zoomed } from "./view";

const image = { width: 4000, height: 3000 };
const canvas = { width: 800, height: 700 };

describe("view", () => {
  it("goes from the image to the screen and back", () => {
    const view = { x: 1234.5, y: 321, scale: 0.37 };
    const place = toImage(view, canvas, toScreen(view, canvas, { x: 17.25, y: 2999 }));
    expect(place.x).toBeCloseTo(17.25, 9);
    expect(place.y).toBeCloseTo(2999, 9);
  });

  it("draws y downwards, as the rows are stored", () => {
    const view = fitted(image, canvas);
    expect(toScreen(view, canvas, { x: 0, y: 10 }).y).toBeGreaterThan(
      toScreen(view, canvas, { x: 0, y: 0 }).y,
    );
  });

  it("fits the whole image, with its corner half a pixel before 0", () => {
    const view = fitted(image, canvas);
    const corner = toScreen(view, canvas, { x: -0.5, y: -0.5 });
    const opposite = toScreen(view, canvas, { x: 3999.5, y: 2999.5 });
    expect(corner.x).toBeCloseTo(canvas.width - opposite.x, 9);
    expect(corner.y).toBeCloseTo(canvas.height - opposite.y, 9);
    expect(corner.x).toBeGreaterThanOrEqual(0);
    expect(corner.y).toBeGreaterThanOrEqual(0);
  });

  it("zooms around the pointer", () => {
    const view = { x: 2000, y: 1500, scale: 0.5 };
    const pointer = { x: 300, y: 250 };
    const before = toImage(view, canvas, pointer);
    const after = toImage(zoomed(view, canvas, image, 1.7, pointer), canvas, pointer);
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
  });

  it("zooms neither beyond single pixels nor far below the whole image", () => {
    const view = fitted(image, canvas);
    expect(zoomed(view, canvas, image, 1e9).scale).toBe(LARGEST_SCALE);
    expect(zoomed(view, canvas, image, 1e-9).scale).toBeCloseTo(view.scale / 2, 12);
  });

  it("never loses the image by panning", () => {
    const view = panned({ x: 2000, y: 1500, scale: 1 }, image, 1e7, -1e7);
    expect(view.x).toBe(-0.5);
    expect(view.y).toBe(2999.5);
  });

  it("says what is shown", () => {
    expect(shown({ x: 100, y: 50, scale: 2 }, canvas)).toEqual({
      left: -100,
      top: -125,
      right: 300,
      bottom: 225,
    });
  });
});
