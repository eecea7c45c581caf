import { describe, expect, it } from "vitest";

import { near } from "./pictures.svelte";

describe("slices fetched beforehand", () => {
  it("are mostly those in the direction of the last step", () => {
    expect(near(20, 1, 100)).toEqual([21, 22, 23, 24, 25, 26, 19, 18]);
    expect(near(20, -1, 100)).toEqual([19, 18, 17, 16, 15, 14, 21, 22]);
  });

  it("end with the tomogram", () => {
    expect(near(1, -1, 3)).toEqual([0, 2]);
    expect(near(0, 1, 1)).toEqual([]);
  });
});
