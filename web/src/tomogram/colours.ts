/** Colours of marks: the same as on micrographs, and one for each class where there are several. */

import type { MarkKind } from "./marks";

/** Names of the page's colours, in the order in which classes take them. Sky is what picks have
 * on micrographs, and here those whose class nobody knows. */
const OF_CLASSES = ["orange", "green", "yellow", "purple", "blue"] as const;

export type ColourName = (typeof OF_CLASSES)[number] | "sky" | "vermillion";

/** The colour of a class; more classes than there are colours begin again. */
function classColour(name: string, classes: readonly string[]): ColourName {
  const index = classes.indexOf(name);
  return index < 0 ? "sky" : (OF_CLASSES[index % OF_CLASSES.length] ?? "sky");
}

export function colourOf(kind: MarkKind, name: string, classes: readonly string[]): ColourName {
  if (kind === "not_particle") return "vermillion";
  if (classes.length > 1) return classColour(name, classes);
  if (kind === "particle") return "green";
  return kind === "beside" ? "orange" : "sky";
}

/** The page's colours as a canvas takes them. */
export function readColours(element: Element): (name: ColourName) => string {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(`--mark-${name}`).trim();
}
