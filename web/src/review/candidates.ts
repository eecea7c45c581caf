/** The candidates of one image as typed arrays, ready to be drawn. */

import type { ImagePicks } from "../api/schema";

/** What a person said of a candidate, as a number that fits an array. */
export const UNDECIDED = 0;
export const KEPT = 1;
export const REJECTED = 2;

export interface Candidates {
  readonly set: number;
  readonly image: number;
  /** False where the set has not come to this image yet. */
  readonly isPicked: boolean;
  readonly length: number;
  readonly number: Uint32Array;
  /** Pixels of the stored image, 0 at the centre of the first pixel. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** The same as pairs, as the graphics card takes them. */
  readonly positions: Float32Array;
  /** Null on micrographs. */
  readonly z: Float32Array | null;
  readonly score: Float32Array;
  readonly className: readonly string[] | null;
  readonly probability: Float32Array | null;
  readonly predictedClass: readonly (string | null)[] | null;
  /** UNDECIDED, KEPT or REJECTED. */
  readonly decision: Uint8Array;
}

export function decisionCode(decision: "keep" | "reject" | null | undefined): number {
  if (decision === "keep") return KEPT;
  return decision === "reject" ? REJECTED : UNDECIDED;
}

/** Whether two columns hold the same numbers, so that the older can go on being used. */
function same(first: ArrayLike<number> | null, second: ArrayLike<number> | null): boolean {
  if (first === null || second === null) return first === second;
  if (first.length !== second.length) return false;
  for (let index = 0; index < first.length; index++) {
    if (first[index] !== second[index]) return false;
  }
  return true;
}

function pairs(x: Float32Array, y: Float32Array): Float32Array {
  const positions = new Float32Array(2 * x.length);
  for (let index = 0; index < x.length; index++) {
    positions[2 * index] = x[index] ?? 0;
    positions[2 * index + 1] = y[index] ?? 0;
  }
  return positions;
}

/**
 * Turn the server's columns into arrays.
 *
 * Where nothing moved since `before`, its places and scores are used again: what is drawn from
 * them then need not be sent to the graphics card anew.
 */
export function toCandidates(
  set: number,
  image: number,
  picks: ImagePicks,
  before: Candidates | null = null,
): Candidates {
  const number = Uint32Array.from(picks.number);
  const x = Float32Array.from(picks.x);
  const y = Float32Array.from(picks.y);
  const z = picks.z ? Float32Array.from(picks.z) : null;
  const score = Float32Array.from(picks.score);
  const decision = new Uint8Array(number.length);
  picks.decision?.forEach((said, index) => (decision[index] = decisionCode(said)));
  const isUnmoved =
    before !== null &&
    before.set === set &&
    before.image === image &&
    same(before.number, number) &&
    same(before.x, x) &&
    same(before.y, y) &&
    same(before.z, z) &&
    same(before.score, score);
  const places = isUnmoved ? before : { number, x, y, z, score, positions: pairs(x, y) };
  return {
    set,
    image,
    isPicked: picks.is_picked,
    length: number.length,
    number: places.number,
    x: places.x,
    y: places.y,
    positions: places.positions,
    z: places.z,
    score: places.score,
    className: picks.class_name,
    probability: picks.probability ? Float32Array.from(picks.probability) : null,
    predictedClass: picks.predicted_class,
    decision,
  };
}

/** The same candidates with new decisions; numbers of other images are passed over. */
export function withDecisions(
  candidates: Candidates,
  said: ReadonlyMap<number, "keep" | "reject" | null>,
): Candidates {
  const decision = candidates.decision.slice();
  candidates.number.forEach((number, index) => {
    const word = said.get(number);
    if (word !== undefined) decision[index] = decisionCode(word);
  });
  return { ...candidates, decision };
}

/** How many candidates a threshold selects. */
export function selectedCount(candidates: Candidates, threshold: number): number {
  let count = 0;
  for (const score of candidates.score) if (score >= threshold) count++;
  return count;
}

/** How many candidates are drawn as picks: those that pass, but for those rejected by hand. */
export function drawnCount(candidates: Candidates, threshold: number): number {
  let count = 0;
  for (let index = 0; index < candidates.length; index++) {
    const isSelected = (candidates.score[index] ?? 0) >= threshold;
    if (isSelected && candidates.decision[index] !== REJECTED) count++;
  }
  return count;
}
