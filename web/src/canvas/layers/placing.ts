/** How places become places on the screen, for a view that looks straight down. */
import type { Viewport } from "@deck.gl/core";

export interface Placing {
  /** Of the view, in its units. */
  middle: [x: number, y: number];
  /** CSS pixels along one unit. */
  scale: number;
  /** Of one CSS pixel, in clip space; y runs down the screen. */
  pixel: [across: number, down: number];
}

export function placeOf(viewport: Viewport): Placing {
  const { center, scale, width, height } = viewport;
  return {
    middle: [center[0] ?? 0, center[1] ?? 0],
    scale,
    pixel: [2 / width, -2 / height],
  };
}
