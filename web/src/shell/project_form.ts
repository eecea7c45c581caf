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

/** What was typed, on top of what somebody else saved while the form was open. */
export interface Rebased {
  typed: TypedSettings;
  /** What both changed, in words; there what was typed is left in the form. */
  both: string[];
}

/** Put what was typed into a form that began with `before` on top of what is saved `now`. */
export function rebased(typed: TypedSettings, before: Project, now: Project): Rebased {
  const [old, theirs] = [typedSettings(before), typedSettings(now)];
  const both: string[] = [];
  const choose = <T>(what: string, mine: T, was: T, other: T): T => {
    if (mine === was) return other;
    if (other !== was && other !== mine) both.push(`${what} (there “${other}”)`);
    return mine;
  };
  const name = choose("the name", typed.name, old.name, theirs.name);
  const contrast = choose("how particles look", typed.contrast, old.contrast, theirs.contrast);
  const expected = choose("how many there are", typed.expected, old.expected, theirs.expected);
  return {
    typed: { name, contrast, expected, classes: rebasedClasses(typed, old, theirs, choose) },
    both,
  };
}

function rebasedClasses(
  typed: TypedSettings,
  old: TypedSettings,
  theirs: TypedSettings,
  choose: (what: string, mine: string, was: string, other: string) => string,
): TypedSettings["classes"] {
  const named = (settings: TypedSettings, name: string) =>
    settings.classes.find((one) => one.name === name.trim());
  const mine = typed.classes.flatMap((one) => {
    const [was, other] = [named(old, one.name), named(theirs, one.name)];
    // Somebody removed a kind that this form left as it was.
    if (was && !other && one.diameter === was.diameter) return [];
    if (!other) return [{ ...one }];
    const what = `the diameter of ${one.name.trim()}`;
    const diameter = choose(what, one.diameter, was?.diameter ?? "", other.diameter);
    return [{ name: one.name, diameter }];
  });
  // A kind that was there before and is not in the form was removed or renamed by its hand.
  const added = theirs.classes.filter((one) => !named(old, one.name) && !named(typed, one.name));
  return [...mine, ...added];
}
