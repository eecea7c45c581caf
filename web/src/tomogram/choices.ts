/** The tools of micrographs that make sense in a volume. */

import { CHOICES, type Choice } from "../canvas/choices";
import type { Tool } from "../state/settings.svelte";

const HINTS: Readonly<Record<string, string>> = {
  look: "Click to put the crosshair there, drag to move the picture.",
  particle:
    "Click a particle's middle to mark it; on a thin circle the mark takes its place, with Alt it " +
    "says that there is none. Shift-click removes a mark, dragging moves it.",
  refuse: "Click what is no particle, or a wrong circle.",
  erase: "Click a mark or a region to remove it.",
  exclude: "Paint over carbon and ice in the view from above (xy): nothing is picked there.",
  outline:
    "Click corner after corner around carbon or ice in the view from above (xy); a double click " +
    "or Enter closes it.",
  complete:
    "Draw a rectangle in the view from above (xy) in which every particle is marked: it measures " +
    "how good the picks are.",
  measure: "Draw a line across a particle at its widest: its length can be used as the diameter.",
};

/** What works with every tool. */
export const ALWAYS = "Wheel: slices. Ctrl + wheel: zoom. Right click: crosshair.";

export const VOLUME_CHOICES: readonly Choice[] = CHOICES.filter(({ id }) => id in HINTS).map(
  (choice) => ({ ...choice, hint: HINTS[choice.id] ?? choice.hint }),
);

/** The tool in force: one of micrographs alone counts as the one that marks particles. */
export function toolInForce(tool: Tool): Tool {
  return VOLUME_CHOICES.some((choice) => choice.tool === tool) ? tool : "point";
}
