/** Picks and labels as layers. */
import type { Point } from "../api/client";
import { CirclesLayer, type Colour, type Shape } from "./layers/circles";

/** The page's colours by what they mark; see `theme.css`. */
export const MARKS = {
  candidate: "--mark-sky",
  beside: "--mark-orange",
  particle: "--mark-green",
  not_particle: "--mark-vermillion",
  exclude: "--mark-purple",
  complete: "--mark-yellow",
} as const;

export type Mark = keyof typeof MARKS;

/** Read a colour of the page, which is written as six digits. */
export function colourOf(element: Element, mark: Mark): Colour {
  const text = getComputedStyle(element).getPropertyValue(MARKS[mark]).trim();
  const number = Number.parseInt(text.replace("#", ""), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/** Points as arrays, made once for as long as the points stay. */
export interface Rings {
  positions: Float32Array;
  radii: Float32Array;
}

export function ringsOf(
  points: readonly Pick<Point, "x" | "y" | "class_name">[],
  radiusOf: (className: string) => number | null,
): Rings {
  const positions = new Float32Array(2 * points.length);
  const radii = new Float32Array(points.length);
  points.forEach((point, index) => {
    positions[2 * index] = point.x;
    positions[2 * index + 1] = point.y;
    radii[index] = radiusOf(point.class_name) ?? 0;
  });
  return { positions, radii };
}

export interface Ringed {
  id: string;
  positions: Float32Array;
  scores?: Float32Array | null;
  radii?: Float32Array | null;
  radius?: number;
  threshold?: number;
  colour: Colour;
  width_px: number;
  shape?: Shape;
  opacity?: number;
  visible?: boolean;
}

/** A dark rim below each ring would cost a second drawing of all; a wider line costs nothing. */
export function layerOf(ringed: Ringed): CirclesLayer {
  // Circles of a size that nobody said are drawn as dots of this size.
  return new CirclesLayer({ smallest_px: (ringed.radius ?? 1) > 0 ? 2.5 : 7, ...ringed });
}
