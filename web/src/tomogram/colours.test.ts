import { describe, expect, it } from "vitest";

import { colourOf } from "./colours";

describe("colours of marks", () => {
  it("are those of micrographs where there is one class", () => {
    expect(colourOf("particle", "particle", ["particle"])).toBe("green");
    expect(colourOf("candidate", "", ["particle"])).toBe("sky");
    expect(colourOf("beside", "", ["particle"])).toBe("orange");
  });

  it("tell classes apart, and those that nobody knows", () => {
    const classes = ["a", "b", "c", "d", "e", "f"];
    const colours = classes.map((name) => colourOf("candidate", name, classes));
    expect(new Set(colours).size).toBe(5);
    expect(colours[5]).toBe(colours[0]);
    expect(colourOf("particle", "b", classes)).toBe(colours[1]);
    expect(colourOf("candidate", "something else", classes)).toBe("sky");
    expect(colours).not.toContain("sky");
  });

  it("show what is no particle in one colour", () => {
    expect(colourOf("not_particle", "ice", ["a", "b"])).toBe("vermillion");
    expect(colourOf("not_particle", "ice", ["a"])).toBe("vermillion");
  });
});
