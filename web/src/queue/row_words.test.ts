import { describe, expect, it } from "vitest";
import { madeImage } from "./made_image";
import { factsOf, skippedWords, titleOf } from "./row_words";

const image = madeImage();

describe("a row of the queue", () => {
  it("says what people labelled", () => {
    expect(factsOf(image)).toBe("no labels yet");
    expect(factsOf({ ...image, labels: 1, negatives: 2 })).toBe("1 particle · 2 not");
    expect(factsOf({ ...image, labels: 1, problem: "cut short" })).toBe("cannot be read");
  });

  it("says what becomes of the labels on an image that is skipped", () => {
    expect(skippedWords("mic_1.mrc", 5)).toMatch("mic_1.mrc is skipped: its 5 labels and its picks are kept");
  });

  it("says more under the pointer: picks, what became of them, who was here last", () => {
    expect(titleOf(image, null)).toBe("/data/mic_1.mrc");
    const at = new Date(2026, 4, 3, 14, 5);
    const changed = { by: "anna", at: at.toISOString() };
    const title = titleOf({ ...image, changed, regions: 1 }, { kept: 1, rejected: 20 }, at);
    expect(title.split("\n").slice(0, 3)).toEqual([
      "/data/mic_1.mrc",
      "1 pick of the set shown, and 20 rejected",
      "1 region",
    ]);
    expect(title).toContain("Last changed by anna, today ");
    expect(titleOf({ ...image, problem: "cut short" }, { kept: 3, rejected: 0 })).toBe(
      "/data/mic_1.mrc\ncut short\n3 picks of the set shown",
    );
  });
});
