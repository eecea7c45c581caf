/** Decisions on candidates of which somebody else said something that this page had not seen. */
import { ApiError } from "../api/errors";
import type { PickDecision, ReviewConflict, SaidOfPick } from "../api/schema";
import type { Said } from "./decision_store";

export interface DecisionConflict {
  /** As it was sent, and is kept in the browser until a person settles it. */
  readonly said: Said;
  /** What of it would replace another's word. */
  readonly mine: readonly PickDecision[];
  /** What is saved of these candidates. */
  readonly present: readonly SaidOfPick[];
}

/** Decisions with the words that they replace, so that no other is replaced unseen. */
export function seeing(
  after: readonly PickDecision[],
  before: readonly PickDecision[],
): PickDecision[] {
  const words = new Map<number, PickDecision["seen"]>(
    before.map((one) => [one.number, one.decision ?? "none"]),
  );
  return after.map((one) => ({ ...one, seen: words.get(one.number) ?? null }));
}

/** The conflict that an answer tells of; null where it is none. */
export function conflictOf(said: Said, error: unknown): DecisionConflict | null {
  if (!(error instanceof ApiError) || error.status !== 409) return null;
  const present = (error.body as Partial<ReviewConflict> | null)?.present;
  if (!Array.isArray(present) || present.length === 0) return null;
  const numbers = new Set(present.map((one) => one.number));
  return { said, present, mine: said.decisions.filter((one) => numbers.has(one.number)) };
}

/** What is left of a conflict once other candidates were decided on anew; null if nothing is. */
export function without(
  conflict: DecisionConflict,
  numbers: ReadonlySet<number>,
): DecisionConflict | null {
  const mine = conflict.mine.filter((one) => !numbers.has(one.number));
  if (mine.length === conflict.mine.length) return conflict;
  const present = conflict.present.filter((one) => !numbers.has(one.number));
  return mine.length === 0 ? null : { ...conflict, mine, present };
}

/** What a person decided, on top of what is saved now. */
export const insisting = ({ mine, present }: DecisionConflict): PickDecision[] =>
  seeing(mine, present);
