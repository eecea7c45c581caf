import { describe, expect, it } from "vitest";

import { WheelSteps, zoomFactor } from "./wheel";

const pixels = (deltaY: number) => ({ deltaY, deltaMode: 0 });

describe("wheel", () => {
  it("goes one slice on for a click of a mouse, whatever the mouse calls it", () => {
    const wheel = new WheelSteps();
    expect(wheel.stepsOf(pixels(120))).toBe(1);
    expect(wheel.stepsOf(pixels(-53))).toBe(-1);
    expect(wheel.stepsOf({ deltaY: 3, deltaMode: 1 })).toBe(1);
  });

  it("gathers small glides, and turns back at once", () => {
    const wheel = new WheelSteps();
    expect([15, 15, 15, 15].map((delta) => wheel.stepsOf(pixels(delta)))).toEqual([0, 0, 1, 0]);
    expect([-30, -30].map((delta) => wheel.stepsOf(pixels(delta)))).toEqual([0, -1]);
  });

  it("zooms in upwards, and never by a leap", () => {
    expect(zoomFactor(pixels(-30))).toBeGreaterThan(1);
    expect(zoomFactor(pixels(30)) * zoomFactor(pixels(-30))).toBeCloseTo(1, 12);
    expect(zoomFactor(pixels(-1e6))).toBeLessThan(1.5);
  });
});
