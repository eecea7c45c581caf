/** The candidates of one image as typed arrays, ready to be drawn. */

import type { ImagePicks, PickDecision } from "../api/schema";

/** What became of a candidate, as a number that fits an array. */
export const UNDECIDED = 0;
export const KEPT = 1;
export const REJECTED = 2;
export const TO_REVIEW = 3;
/** To be reviewed, too, but no pick until a person keeps it: more junk than was accepted. */
export const LEFT_OUT = 4;
/** Not drawn at all: below the threshold. */
export const HIDDEN = -1;

/** What the server's numbers for a pruning's verdicts mean. */
const OF_PRUNING = [UNDECIDED, KEPT, TO_REVIEW, REJECTED, LEFT_OUT] as const;

export interface Said {
  readonly decision: number;
  readonly reason: string | null;
  /** Who said it; null for the user of this page. */
  readonly by: string | null;
}

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
  /** Null on micrographs. */
  readonly z: Float32Array | null;
  readonly score: Float32Array;
  /** Null where there is one class. */
  readonly className: readonly string[] | null;
  /** Of being a particle, by a pruning; NaN where it did not judge. Null without one. */
  readonly probability: Float32Array | null;
  /** What a pruning takes it for. */
  readonly predictedClass: readonly (string | null)[] | null;
  /** Of a pruning: UNDECIDED, KEPT, TO_REVIEW, LEFT_OUT or REJECTED. */
  readonly judged: Uint8Array | null;
  /** Of a person: UNDECIDED, KEPT or REJECTED. */
  readonly decision: Uint8Array;
  /** By number: what people say, with reason and name. */
  readonly said: ReadonlyMap<number, Said>;
  /** Both together, a person's word first. */
  readonly verdict: Uint8Array;
}

export function decisionCode(decision: "keep" | "reject" | null | undefined): number {
  if (decision === "keep") return KEPT;
  return decision === "reject" ? REJECTED : UNDECIDED;
}

/** Whether two columns hold the same, so that the older can go on being used. */
function same<T>(first: ArrayLike<T> | null, second: ArrayLike<T> | null): boolean {
  if (first === null || second === null) return first === second;
  if (first.length !== second.length) return false;
  for (let index = 0; index < first.length; index++) {
    if (first[index] !== second[index]) return false;
  }
  return true;
}

function verdictOf(decision: Uint8Array, judged: Uint8Array | null): Uint8Array {
  if (judged === null) return decision;
  return decision.map((word, index) => (word === UNDECIDED ? (judged[index] ?? word) : word));
}

function wordsAt(index: readonly number[], words: readonly string[]): (string | null)[] {
  return index.map((one) => words[one] ?? null);
}

/**
 * Turn the server's columns into arrays.
 *
 * Where nothing changed since `before`, its arrays are used again: what is drawn from them then
 * need not be sent to the graphics card anew.
 */
export function toCandidates(
  set: number,
  image: number,
  picks: ImagePicks,
  before: Candidates | null = null,
): Candidates {
  const { judgement } = picks;
  const number = Uint32Array.from(picks.number);
  const x = Float32Array.from(picks.x);
  const y = Float32Array.from(picks.y);
  const z = picks.z ? Float32Array.from(picks.z) : null;
  const score = Float32Array.from(picks.score);
  const said = new Map<number, Said>(
    picks.said.map((one) => [
      one.number,
      { decision: decisionCode(one.decision), reason: one.reason, by: one.by },
    ]),
  );
  const decision = new Uint8Array(number.length);
  if (said.size > 0) {
    number.forEach((one, index) => (decision[index] = said.get(one)?.decision ?? UNDECIDED));
  }
  const judged = judgement
    ? Uint8Array.from(judgement.verdict, (one) => OF_PRUNING[one] ?? UNDECIDED)
    : null;
  const verdict = verdictOf(decision, judged);
  const isUnmoved =
    before !== null &&
    before.set === set &&
    before.image === image &&
    same(before.number, number) &&
    same(before.x, x) &&
    same(before.y, y) &&
    same(before.z, z) &&
    same(before.score, score);
  const className = picks.class_index?.map((one) => picks.classes[one] ?? "") ?? null;
  const places = isUnmoved ? before : { number, x, y, z, score };
  return {
    set,
    image,
    isPicked: picks.is_picked,
    length: number.length,
    number: places.number,
    x: places.x,
    y: places.y,
    z: places.z,
    score: places.score,
    className: isUnmoved && same(before.className, className) ? before.className : className,
    probability: judgement
      ? Float32Array.from(judgement.probability, (one) => one ?? NaN)
      : null,
    predictedClass: judgement ? wordsAt(judgement.class_index, judgement.classes) : null,
    judged,
    decision: isUnmoved && same(before.decision, decision) ? before.decision : decision,
    said,
    verdict: isUnmoved && same(before.verdict, verdict) ? before.verdict : verdict,
  };
}

/** The same candidates with new decisions of this page; numbers of other images are passed over. */
export function withDecisions(
  candidates: Candidates,
  words: ReadonlyMap<number, PickDecision | PickDecision["decision"]>,
): Candidates {
  if (words.size === 0) return candidates;
  const decision = candidates.decision.slice();
  const said = new Map(candidates.said);
  candidates.number.forEach((number, index) => {
    const word = words.get(number);
    if (word === undefined) return;
    const isWhole = typeof word === "object" && word !== null;
    const code = decisionCode(isWhole ? word.decision : word);
    decision[index] = code;
    const reason = isWhole ? (word.reason ?? null) : null;
    if (code === UNDECIDED) said.delete(number);
    else said.set(number, { decision: code, reason, by: null });
  });
  return { ...candidates, decision, said, verdict: verdictOf(decision, candidates.judged) };
}

/** As what a candidate is drawn at a threshold; what a person keeps is drawn whatever its score. */
export function shownAs(candidates: Candidates, index: number, threshold: number): number {
  if (candidates.decision[index] === KEPT) return KEPT;
  if ((candidates.score[index] ?? 0) < threshold) return HIDDEN;
  return candidates.verdict[index] ?? UNDECIDED;
}

/** Whether what became of a candidate, by `shownAs`, makes it a pick. */
export function isPick(shown: number): boolean {
  return shown !== HIDDEN && shown !== REJECTED && shown !== LEFT_OUT;
}

export interface Counts {
  /** Neither rejected nor left out nor below the threshold. */
  readonly kept: number;
  /** Of the kept: those that a pruning is unsure of. */
  readonly toReview: number;
  /** Those that a pruning is unsure of, and leaves out. */
  readonly leftOut: number;
  readonly rejected: number;
}

/** @param className counts one class alone. */
export function countsOf(
  candidates: Candidates,
  threshold: number,
  className: string | null = null,
): Counts {
  let [kept, toReview, leftOut, rejected] = [0, 0, 0, 0];
  for (let index = 0; index < candidates.length; index++) {
    if (!isOf(candidates, index, className)) continue;
    const shown = shownAs(candidates, index, threshold);
    if (shown === REJECTED) rejected++;
    else if (shown === LEFT_OUT) leftOut++;
    else if (isPick(shown)) kept++;
    if (shown === TO_REVIEW) toReview++;
  }
  return { kept, toReview, leftOut, rejected };
}

function isOf(candidates: Candidates, index: number, className: string | null): boolean {
  return className === null || (candidates.className?.[index] ?? className) === className;
}

/** How many candidates of a class there are; of all classes for null. */
export function lengthOf(candidates: Candidates, className: string | null): number {
  const { length } = candidates;
  return Array.from({ length }, (_, index) => index).filter((index) =>
    isOf(candidates, index, className),
  ).length;
}

/** How many candidates are picks: those that pass, and that nobody rejected or left out. */
export function drawnCount(candidates: Candidates, threshold: number): number {
  return countsOf(candidates, threshold).kept;
}
