/** The project's settings as typed, and back. */
import type { Project, ProjectChange } from "../api/schema";
import { typedLength } from "./format";

export interface TypedSettings {
  name: string;
  classes: { name: string; diameter: string }[];
  contrast: Project["contrast"];
  expected: string;
}

export function typedSettings(project: Project): TypedSettings {
  return {
    name: project.name,
    classes: project.classes.map((one) => ({
      name: one.name,
      diameter: one.diameter_A ? String(one.diameter_A) : "",
    })),
    contrast: project.contrast,
    expected: project.expected_particles === null ? "" : String(project.expected_particles),
  };
}

/** The change to ask for, or a sentence that says what is wrong. */
export function readSettings(typed: TypedSettings): Omit<ProjectChange, "base_version"> | string {
  const name = typed.name.trim();
  if (name === "") return "Give the project a name.";
  const classes = typed.classes.map((one) => ({
    name: one.name.trim(),
    text: one.diameter.trim(),
  }));
  if (classes.some((one) => one.name === "")) return "Give every kind of particle a name.";
  if (new Set(classes.map((one) => one.name)).size < classes.length) {
    return "Two kinds of particles have the same name.";
  }
  const wrong = classes.find((one) => one.text !== "" && typedLength(one.text) === null);
  if (wrong) return `“${wrong.text}” is no diameter: type a number of ångström, such as 180.`;
  const expected = typed.expected.trim();
  const expected_particles = expected === "" ? null : typedLength(expected);
  if (expected !== "" && expected_particles === null) {
    return `“${expected}” is no number of particles: type a number, or leave it empty.`;
  }
  return {
    name,
    classes: classes.map((one) => ({ name: one.name, diameter_A: typedLength(one.text) })),
    contrast: typed.contrast,
    expected_particles,
  };
}
