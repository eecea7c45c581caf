/** What a threshold gives, looked up in the server's table. */

import type { OperatingPoint, Share } from "../api/schema";

/** Of what a threshold gives is read: of all that it selects, or of what decisions leave of it. */
export type Of = "selected" | "kept";

/** Where people or a pruning decided anything, what is left is what counts. */
export function ofWhat(points: readonly OperatingPoint[]): Of {
  return points.some(({ selected, kept }) => selected !== kept) ? "kept" : "selected";
}

export function precisionOf(point: OperatingPoint, of: Of): Share | null {
  return of === "kept" ? point.kept_precision : point.precision;
}

/** Thresholds that differ by less are the same one, written in another way. */
const TINY = 1e-9;

/** The table's row for a threshold: that of the lowest one not below it, or null above all. */
export function pointAt(
  points: readonly OperatingPoint[],
  threshold: number,
): OperatingPoint | null {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as OperatingPoint).threshold < threshold - TINY) low = middle + 1;
    else high = middle;
  }
  return points[low] ?? null;
}

/**
 * The lowest threshold from which on the estimated precision is at least `wanted` (0 to 1).
 *
 * The lowest keeps the most particles. Estimates waver where few candidates are left, so that a
 * single higher threshold that falls short does not count against a lower one that reaches it.
 * Null where none reaches it, or nothing is known.
 */
export function thresholdFor(
  points: readonly OperatingPoint[],
  wanted: number,
  of: Of,
): number | null {
  for (const point of points) {
    const precision = precisionOf(point, of);
    if (precision !== null && point[of] > 0 && precision.value >= wanted) return point.threshold;
  }
  return null;
}

/** The best precision that any threshold gives, or null where nothing is known. */
export function bestPrecision(points: readonly OperatingPoint[], of: Of): number | null {
  let best: number | null = null;
  for (const point of points) {
    const precision = precisionOf(point, of);
    if (precision !== null && point[of] > 0) best = Math.max(best ?? 0, precision.value);
  }
  return best;
}

/** `0.934` as "93 %"; close to all and close to none keep a digit more. */
export function percent(share: number): string {
  const hundred = share * 100;
  const digits = hundred > 99 || hundred < 1 ? 1 : 0;
  const text = hundred.toFixed(digits);
  return `${text.replace(/\.0$/, "")} %`;
}
