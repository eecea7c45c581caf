/** Circles as the graphics card takes them. */

export interface Packing {
  positions: Float32Array;
  scores: Float32Array | null;
  radii: Float32Array | null;
  faint: Uint8Array | null;
  radius: number;
}

/** Circles in a row of the texture. */
const ROW = 1024;

export interface Packed {
  /** x, y, score and radius of each; the radius below zero for those drawn faintly. */
  data: Float32Array;
  width: number;
  height: number;
}

export function packed({ positions, scores, radii, faint, radius }: Packing): Packed {
  const count = positions.length / 2;
  const width = Math.max(1, Math.min(ROW, count));
  const height = Math.max(1, Math.ceil(count / ROW));
  const numbers = new Float32Array(4 * width * height);
  for (let index = 0; index < count; index++) {
    numbers[4 * index] = positions[2 * index] ?? 0;
    numbers[4 * index + 1] = positions[2 * index + 1] ?? 0;
    numbers[4 * index + 2] = scores?.[index] ?? Infinity;
    // Never 0, which has no sign.
    const size = Math.max(radii?.[index] ?? radius, 1e-6);
    numbers[4 * index + 3] = faint?.[index] ? -size : size;
  }
  return { data: numbers, width, height };
}

const isFalling = new WeakMap<Float32Array, boolean>();

/** Whether no score is higher than one before it; looked at once an array. */
function falls(scores: Float32Array): boolean {
  let known = isFalling.get(scores);
  if (known === undefined) {
    known = scores.every((score, index) => index === 0 || score <= (scores[index - 1] ?? 0));
    isFalling.set(scores, known);
  }
  return known;
}

/** How many circles, from the first, hold all of at least a score. */
export function selectedCount(
  count: number,
  scores: Float32Array | null,
  threshold: number,
): number {
  if (scores === null || !falls(scores)) return count;
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((scores[middle] ?? 0) >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}
