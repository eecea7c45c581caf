/** What a person chose about the page itself; kept in the browser. */
import type { Point } from "../api/schema";
import { recall, remember } from "./storage";

export type Theme = "auto" | "light" | "dark";
export type Tool =
  "pan" | "point" | "lasso" | "erase" | "exclude" | "outline" | "complete" | "measure";
export type Tab = "label" | "train" | "review";
export type View = "image" | "gallery" | "compare";
export type QueueOrder = "name" | "doubt";

interface Kept {
  theme: Theme;
  /** Greys, 0 to 255, drawn black and white; null for what looks right to begin with. */
  low: number | null;
  high: number | null;
  /** Whether black and white are swapped. */
  inverted: boolean;
  /** Finest detail drawn, in Å; null for all. */
  lowPass_A: number | null;
  tool: Tool;
  /** Class of new particles. */
  currentClass: string;
  /** What a click adds. */
  pointKind: Point["kind"];
  /** What a place that is no particle is called. */
  junkClass: string;
  /** Diameter of the brush and the eraser, in Å; null for that of the particle. */
  brush_A: number | null;
  /** Width of lines, pixels of the screen. */
  lineWidth: number;
  showLabels: boolean;
  showPicks: boolean;
  /** Of the picks: those that a person or a pruning rejected. */
  showRejected: boolean;
  /** The second pick set. */
  showBeside: boolean;
  showRegions: boolean;
  tab: Tab;
  view: View;
  queueOrder: QueueOrder;
  queueOpen: boolean;
  panelOpen: boolean;
  gallerySize: number;
}

const FIRST: Kept = {
  theme: "auto",
  low: null,
  high: null,
  inverted: false,
  lowPass_A: null,
  tool: "point",
  currentClass: "particle",
  pointKind: "particle",
  junkClass: "junk",
  brush_A: null,
  lineWidth: 1.5,
  showLabels: true,
  showPicks: true,
  showRejected: true,
  showBeside: true,
  showRegions: true,
  tab: "label",
  view: "image",
  queueOrder: "name",
  queueOpen: true,
  panelOpen: true,
  gallerySize: 96,
};

/** Values that a word may have; others, from an older page, count as not set. */
const WORDS: Partial<Record<keyof Kept, readonly string[]>> = {
  theme: ["auto", "light", "dark"],
  tool: ["pan", "point", "lasso", "erase", "exclude", "outline", "complete", "measure"],
  pointKind: ["particle", "not_particle"],
  tab: ["label", "train", "review"],
  view: ["image", "gallery", "compare"],
  queueOrder: ["name", "doubt"],
};

/** What was kept, with the first value wherever it is missing or makes no sense. */
export function understood(kept: unknown): Kept {
  const result: Record<string, unknown> = { ...FIRST };
  if (typeof kept !== "object" || kept === null) return { ...FIRST };
  for (const [name, first] of Object.entries(FIRST)) {
    const value = (kept as Record<string, unknown>)[name];
    const words = WORDS[name as keyof Kept];
    if (first === null || typeof first === "number") {
      if (value === null && first === null) result[name] = null;
      if (typeof value === "number" && Number.isFinite(value)) result[name] = value;
    } else if (typeof value === typeof first && (!words || words.includes(value as string))) {
      result[name] = value;
    }
  }
  return result as unknown as Kept;
}

const isAnything = (value: unknown): value is unknown => value !== undefined;

class Settings implements Kept {
  theme = $state<Theme>("auto");
  low = $state<number | null>(null);
  high = $state<number | null>(null);
  inverted = $state(false);
  lowPass_A = $state<number | null>(null);
  tool = $state<Tool>("point");
  currentClass = $state("particle");
  pointKind = $state<Point["kind"]>("particle");
  junkClass = $state("junk");
  brush_A = $state<number | null>(null);
  lineWidth = $state(1.5);
  showLabels = $state(true);
  showPicks = $state(true);
  showRejected = $state(true);
  showBeside = $state(true);
  showRegions = $state(true);
  tab = $state<Tab>("label");
  view = $state<View>("image");
  queueOrder = $state<QueueOrder>("name");
  queueOpen = $state(true);
  panelOpen = $state(true);
  gallerySize = $state(96);

  /** Length that a person drew with the tool `measure`, in Å; not kept. */
  measured_A = $state<number | null>(null);

  constructor() {
    const kept = understood(recall("settings", null as unknown, isAnything));
    // Measuring is an errand, not a way of working.
    if (kept.tool === "measure") kept.tool = "point";
    Object.assign(this, kept);
    $effect.root(() => {
      $effect(() => remember("settings", this.#kept()));
    });
  }

  #kept(): Kept {
    const names = Object.keys(FIRST) as (keyof Kept)[];
    return Object.fromEntries(names.map((name) => [name, this[name]])) as unknown as Kept;
  }
}

export const settings = new Settings();
