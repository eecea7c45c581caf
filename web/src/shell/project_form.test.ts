import { describe, expect, it } from "vitest";
import { readSettings, typedSettings, type TypedSettings } from "./project_form";

const typed = (more: Partial<TypedSettings> = {}): TypedSettings => ({
  name: " Apoferritin ",
  classes: [{ name: " particle ", diameter: "180,5" }],
  contrast: "auto",
  expected: "",
  ...more,
});

describe("the project's settings", () => {
  it("are read as typed", () => {
    expect(readSettings(typed({ expected: "300" }))).toEqual({
      name: "Apoferritin",
      classes: [{ name: "particle", diameter_A: 180.5 }],
      contrast: "auto",
      expected_particles: 300,
    });
  });

  it("say what is wrong", () => {
    const twice = [
      { name: "a", diameter: "" },
      { name: "a ", diameter: "" },
    ];
    expect(readSettings(typed({ name: " " }))).toMatch("the project a name");
    expect(readSettings(typed({ classes: twice }))).toMatch("same name");
    expect(readSettings(typed({ classes: [{ name: " ", diameter: "" }] }))).toMatch("a name");
    expect(readSettings(typed({ classes: [{ name: "a", diameter: "big" }] }))).toMatch("“big”");
    expect(readSettings(typed({ expected: "-1" }))).toMatch("“-1”");
  });

  it("come back as they went", () => {
    const project = {
      name: "Apoferritin",
      classes: [{ name: "particle", diameter_A: 180 }],
      contrast: "dark" as const,
      expected_particles: null,
    };
    const change = readSettings(typedSettings(project as never));
    expect(change).toEqual(project);
  });
});
