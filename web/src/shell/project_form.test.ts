import { describe, expect, it } from "vitest";
import { readSettings, rebased, typedSettings, type TypedSettings } from "./project_form";

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

describe("settings that somebody else changed meanwhile", () => {
  const project = (classes: Record<string, number>, more: object = {}) =>
    ({
      name: "Apoferritin",
      classes: Object.entries(classes).map(([name, diameter_A]) => ({ name, diameter_A })),
      contrast: "auto",
      expected_particles: null,
      ...more,
    }) as never;
  const before = project({ particle: 120, old: 90 });

  it("keep what both did, each where the other did nothing", () => {
    const form = { ...typedSettings(before), name: "Ferritin" };
    const { typed, both } = rebased(form, before, project({ particle: 150, proteasome: 180 }));
    expect(both).toEqual([]);
    expect(readSettings(typed)).toEqual({
      name: "Ferritin",
      classes: [
        { name: "particle", diameter_A: 150 },
        { name: "proteasome", diameter_A: 180 },
      ],
      contrast: "auto",
      expected_particles: null,
    });
  });

  it("leave what was typed where both changed the same, and name it", () => {
    const form = typedSettings(before);
    form.classes = [{ name: "particle", diameter: "140" }, { name: "new", diameter: "" }];
    const now = project({ particle: 150, old: 90 }, { contrast: "dark" });
    const { typed, both } = rebased(form, before, now);
    expect(typed.classes).toEqual(form.classes);
    expect(typed.contrast).toBe("dark");
    expect(both).toEqual(["the diameter of particle (there “150”)"]);
  });
});
