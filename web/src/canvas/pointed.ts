/** What the pointer is on. */
import { wordsOf } from "../review/pick_words";
import { session } from "../state/project.svelte";
import { settings } from "../state/settings.svelte";
import type { Canvas } from "./canvas.svelte";
import type { Mark } from "./marks";

export interface Pointed {
  x: number;
  y: number;
  /** Pixels of the image. */
  radius: number;
  /** In the colour of what it is drawn; null for white. */
  mark: Mark | null;
}

/** A ring around what a click would take, or the label that is dragged. */
export function pointedBy(canvas: Canvas): Pointed | null {
  const { moving, hovered } = canvas;
  if (moving) return { ...ringOf(canvas, moving), mark: moving.kind };
  if (settings.tool !== "point" || hovered === null || session.current === null) return null;
  const target = canvas.targetAt(hovered.place);
  if (target === null) return null;
  if (target.what === "label") return { ...ringOf(canvas, target.point), mark: null };
  const class_name = canvas.candidates?.className?.[target.index];
  return { ...ringOf(canvas, { ...target.place, class_name }), mark: null };
}

/** What is known of the pick under the pointer; null where there is none. */
export function wordsUnder(canvas: Canvas): string | null {
  const { hovered, candidates } = canvas;
  if (hovered === null || candidates === null || canvas.draft !== null) return null;
  const index = canvas.candidateAt(hovered.place);
  return index === null ? null : wordsOf(candidates, index);
}

function ringOf(
  canvas: Canvas,
  { x, y, class_name }: { x: number; y: number; class_name?: string | undefined },
): { x: number; y: number; radius: number } {
  return { x, y, radius: canvas.radiusOf(class_name) ?? 0 };
}
