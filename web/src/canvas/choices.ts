/** The tools as a person chooses them. */
import type { Point } from "../api/client";
import type { Tool } from "../state/settings.svelte";

export interface Choice {
  id: string;
  name: string;
  key: string;
  /** One sentence on what to do. */
  hint: string;
  tool: Tool;
  kind?: Point["kind"];
  /** Path of the icon, in a square of 20. */
  icon: string;
  group: "Look" | "Label" | "Regions" | "Measure";
}

export const CHOICES: readonly Choice[] = [
  {
    id: "look",
    name: "Move the picture",
    key: "v",
    hint: "Drag to move the picture, turn the wheel to zoom, double-click to zoom in.",
    tool: "pan",
    icon: "M10 2v16M2 10h16M7 5l3-3 3 3M7 15l3 3 3-3M5 7l-3 3 3 3M15 7l3 3-3 3",
    group: "Look",
  },
  {
    id: "particle",
    name: "Particle",
    key: "a",
    hint: 
      "Click a particle, or a blue circle to confirm it. Alt-click: no particle. Shift-click: " +
      "remove.",
    tool: "point",
    kind: "particle",
    icon: "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14M10 7v6M7 10h6",
    group: "Label",
  },
  {
    id: "refuse",
    name: "No particle",
    key: "x",
    hint: "Click what is no particle: ice, carbon, or a wrong blue circle.",
    tool: "point",
    kind: "not_particle",
    icon: "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14M5 5l10 10M15 5L5 15",
    group: "Label",
  },
  {
    id: "erase",
    name: "Erase marks",
    key: "e",
    hint: "Click marks or sweep over them to remove them. A click inside a region removes it.",
    tool: "erase",
    icon: "M3 13l8-9 6 5-8 9H6zM7 8.5l6 5M9 18h8",
    group: "Label",
  },
  {
    id: "lasso",
    name: "Lasso",
    key: "l",
    hint: "Draw around marks and circles, then say what they are.",
    tool: "lasso",
    icon: "M10 3c5 0 8 2 8 5s-3 5-8 5-8-2-8-5 3-5 8-5M6 12.5c-2 1-2 3 0 3.5s2 1.5 1 2.5",
    group: "Label",
  },
  {
    id: "exclude",
    name: "Leave out: brush",
    key: "b",
    hint: "Paint over carbon and ice: nothing is picked there. [ and ] change the brush.",
    tool: "exclude",
    icon: "M17 2l-8 9 2 2 7-9zM8 12c-3 0-3 3-3 4 0 1-2 1-2 1 2 2 8 1 8-3z",
    group: "Regions",
  },
  {
    id: "outline",
    name: "Leave out: outline",
    key: "o",
    hint: "Click corner after corner around carbon or ice; a double click or Enter closes it.",
    tool: "outline",
    icon: "M4 6l8-4 5 7-4 8-8-2zM4 6h.01M12 2h.01M17 9h.01M13 17h.01M5 15h.01",
    group: "Regions",
  },
  {
    id: "complete",
    name: "Completely labelled",
    key: "c",
    hint: "Draw a rectangle in which every particle is marked: it measures how good the picks are.",
    tool: "complete",
    icon: "M3 4h14v12H3zM7 10l2 2 4-4",
    group: "Regions",
  },
  {
    id: "measure",
    name: "Measure a particle",
    key: "m",
    hint: "Draw a line across a particle at its widest: its length can be used as the diameter.",
    tool: "measure",
    icon: "M2 14L14 2l4 4L6 18zM5 11l2 2M8 8l2 2M11 5l2 2",
    group: "Measure",
  },
];
