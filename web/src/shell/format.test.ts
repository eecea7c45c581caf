import { describe, expect, it } from "vitest";
import { counted, duration, moment, typedLength } from "./format";

describe("format", () => {
  it("counts", () => {
    expect([counted(1, "particle"), counted(2300, "particle")]).toEqual([
      "1 particle",
      "2,300 particles",
    ]);
  });

  it("says how long", () => {
    expect([0.2, 40, 179, 5400, 7500].map(duration)).toEqual([
      "less than a second",
      "40 s",
      "3 min",
      "1 h 30 min",
      "2 h 5 min",
    ]);
  });

  it("says when", () => {
    const now = new Date(2026, 4, 3, 18, 0);
    expect(moment(new Date(2026, 4, 3, 9, 5).toISOString(), now)).toMatch(/^today /);
    expect(moment(new Date(2026, 4, 2, 9, 5).toISOString(), now)).not.toMatch(/today/);
  });

  it("reads lengths", () => {
    expect(
      ["180", " 180,5 Å", "1e2 A", "", "-3", "many", "Infinity", "100001"].map(typedLength),
    ).toEqual([180, 180.5, 100, null, null, null, null, null]);
  });
});
