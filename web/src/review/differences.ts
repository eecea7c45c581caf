/** Where two sets of picks differ. */

import type { ImageComparison } from "../api/schema";

/** Picks of an image that one set has and the other has not. */
export const differing = (image: ImageComparison): number => image.only_first + image.only_second;

/** The images with the most differences first; of equals, in the order that they came. */
export function byDifference(images: readonly ImageComparison[]): ImageComparison[] {
  return images.toSorted((first, second) => differing(second) - differing(first));
}

export interface Shares {
  readonly first: number;
  readonly both: number;
  readonly second: number;
}

/** Shares of a bar in percent; all 0 where there is nothing. */
export function sharesOf(counts: {
  readonly both: number;
  readonly only_first: number;
  readonly only_second: number;
}): Shares {
  const all = counts.both + counts.only_first + counts.only_second;
  const share = (part: number): number => (all > 0 ? (100 * part) / all : 0);
  return {
    first: share(counts.only_first),
    both: share(counts.both),
    second: share(counts.only_second),
  };
}
