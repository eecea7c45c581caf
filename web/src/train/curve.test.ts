import { describe, expect, it } from "vitest";
import type { CurvePoint } from "../api/schema";
import { line, smoothed } from "./curve";

const point = (step: number, loss: number, validation: number | null = null): CurvePoint => ({
  step,
  loss,
  validation,
});
const BOX = { width: 100, height: 50 };

describe("line", () => {
  it("spans the box, the largest value at the top", () => {
    const drawn = line([point(0, 3), point(5, 1), point(10, 2)], (one) => one.loss, BOX);
    expect(drawn).toEqual({ path: "M0.0,0.0L50.0,50.0L100.0,25.0", last: 2 });
  });

  it("leaves out steps without the value", () => {
    const points = [point(0, 1, 0), point(5, 1), point(10, 1, 1)];
    expect(line(points, (one) => one.validation, BOX, [0, 1])?.path).toBe("M0.0,50.0L100.0,0.0");
  });

  it("draws a constant in the middle, and nothing of a single point", () => {
    expect(line([point(0, 2), point(1, 2)], (one) => one.loss, BOX)?.path).toBe(
      "M0.0,25.0L100.0,25.0",
    );
    expect(line([point(0, 2)], (one) => one.loss, BOX)).toBeNull();
    expect(line([], (one) => one.loss, BOX)).toBeNull();
  });
});

describe("smoothed", () => {
  it("takes the mean over neighbours, and keeps what is short", () => {
    const short = [point(0, 1), point(1, 3)];
    expect(smoothed(short)).toEqual(short);
    const zigzag = Array.from({ length: 40 }, (_, step) => point(step, step % 2));
    const losses = smoothed(zigzag).map((one) => one.loss);
    expect(losses[20]).toBeCloseTo(0.4);
    expect(losses[0]).toBeCloseTo(1 / 3);
  });
});
