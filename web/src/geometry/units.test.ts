import { describe, expect, it } from "vitest";
import { AOfPx, deviationOfLowPass, pxOfA, scaleBar, writtenLength } from "./units";

describe("units", () => {
  it("converts there and back", () => {
    expect(pxOfA(180, 1.5)).toBe(120);
    expect(AOfPx(pxOfA(180, 1.237), 1.237)).toBeCloseTo(180, 10);
    expect(pxOfA(180, null)).toBe(180);
  });

  it("leaves half of the amplitude at the resolution of a low-pass", () => {
    const deviation = deviationOfLowPass(20);
    expect(Math.exp(-2 * (Math.PI * deviation * (1 / 20)) ** 2)).toBeCloseTo(0.5, 12);
  });

  it("writes lengths in the unit that people use", () => {
    expect(writtenLength(180)).toBe("180 Å");
    expect(writtenLength(5000)).toBe("500 nm");
    expect(writtenLength(12_345.6)).toBe("1235 nm");
    expect(writtenLength(150_000)).toBe("15 µm");
  });

  it("draws a scale bar of a round length that fits", () => {
    for (const zoom of [0.013, 0.1, 0.7, 1, 3.3, 16]) {
      const bar = scaleBar(1.06, zoom, 140);
      expect(bar.width).toBeLessThanOrEqual(140);
      expect(bar.width).toBeGreaterThan(140 / 2.6);
    }
    expect(scaleBar(1, 1, 140).text).toBe("100 Å");
    expect(scaleBar(null, 1, 140).text).toBe("100 px");
  });
});
