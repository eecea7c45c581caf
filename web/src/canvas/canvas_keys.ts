/** Keys of the canvas. */
import type { Key } from "../shell/keys";
import { labels } from "../state/labels.svelte";
import { settings } from "../state/settings.svelte";
import type { Canvas } from "./canvas.svelte";
import { CHOICES, type Choice } from "./choices";

const STEP_px = 120;
const ZOOM = 1.5;
const BRUSH = 1.25;

export interface KeyedCanvas {
  canvas: Canvas;
  choose: (choice: Choice) => void;
  cancel: () => void;
  finish: () => void;
  removeSelected: () => void;
}

/** Keys that work while the canvas is on the page. */
export function keysOf({ canvas, choose, cancel, finish, removeSelected }: KeyedCanvas): Key[] {
  const key = (group: string, key: string, what: string, run: () => void): Key => ({
    group,
    key,
    what,
    run,
  });
  return [
    ...CHOICES.map((choice) => key("Tools", choice.key, choice.name, () => choose(choice))),
    key("Tools", "[", "Smaller brush", () => canvas.scaleBrush(1 / BRUSH)),
    key("Tools", "]", "Larger brush", () => canvas.scaleBrush(BRUSH)),
    key("Tools", "Enter", "Close the outline", finish),
    key("Tools", "Escape", "Give up what was begun", cancel),
    key("Tools", "Delete", "Remove the marks inside the lasso", removeSelected),
    key("Labels", "ctrl+z", "Undo", () => labels.undo()),
    key("Labels", "ctrl+shift+z", "Redo", () => labels.redo()),
    key("Labels", "ctrl+y", "Redo", () => labels.redo()),
    key("Picture", "+", "Zoom in", () => canvas.zoom(ZOOM)),
    key("Picture", "=", "Zoom in", () => canvas.zoom(ZOOM)),
    key("Picture", "-", "Zoom out", () => canvas.zoom(1 / ZOOM)),
    key("Picture", "0", "Show the whole picture", () => canvas.fit()),
    key("Picture", "z", "One pixel of the picture on one of the screen", () => canvas.oneToOne()),
    key("Picture", "ArrowLeft", "Look further left", () => canvas.pan(STEP_px, 0)),
    key("Picture", "ArrowRight", "Look further right", () => canvas.pan(-STEP_px, 0)),
    key("Picture", "ArrowUp", "Look further up", () => canvas.pan(0, STEP_px)),
    key("Picture", "ArrowDown", "Look further down", () => canvas.pan(0, -STEP_px)),
    key("Picture", "i", "Swap black and white", () => (settings.inverted = !settings.inverted)),
    key("Picture", "h", "Hide or show all marks", () => toggleMarks()),
  ];
}

/** Hide all marks, or show them if any is hidden. */
function toggleMarks(): void {
  const isShown = settings.showLabels && settings.showPicks && settings.showRegions;
  settings.showLabels = settings.showPicks = settings.showBeside = settings.showRegions = !isShown;
}
