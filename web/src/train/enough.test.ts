import { describe, expect, it } from "vitest";
import { missing, unchecked } from "./enough";

describe("what is missing", () => {
  it("is said until there is enough, whether labelled or confirmed", () => {
    expect(missing(0, 0)).toBe(
      "No particle is labelled yet. Label at least 4 to train; 10 on two images are a good start.",
    );
    expect(missing(1, 0)).toMatch("1 particle so far. Label at least 3 more");
    expect(missing(2, 1)).toMatch("at least 1 more");
    expect(missing(2, 2)).toBeNull();
    expect(missing(0, 400)).toBeNull();
  });
});

describe("what nobody checks", () => {
  it("is said until there are labels to check with", () => {
    expect(unchecked(39, 2)).toMatch("none checks");
    expect(unchecked(40, 2)).toBeNull();
  });

  it("is said where whole images cannot be kept aside", () => {
    expect(unchecked(400, 1)).toMatch("labelled on one image, all of them teach and none checks");
    // All of them confirmed, on images that nobody counts here.
    expect(unchecked(400, 0)).toBeNull();
  });
});
