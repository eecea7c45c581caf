import { describe, expect, it } from "vitest";
import { understood } from "./settings.svelte";

describe("settings", () => {
  it("come back as they were kept", () => {
    const kept = { ...understood(null), tool: "lasso", low: 12, high: null, showPicks: false };
    expect(understood(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  });

  it("begin anew where what was kept makes no sense", () => {
    const first = understood(null);
    expect(understood({ tool: "hammer", low: "dark", theme: 3, lineWidth: null })).toEqual(first);
    expect(understood("nonsense")).toEqual(first);
    expect(understood({ unknown: 1 })).toEqual(first);
  });
});
