/** Which sets of picks are on screen. */

import type { PickSetSummary } from "../api/schema";

export interface Choice {
  /** Number of the set that is shown, and of the one beside it. */
  readonly shown: number | null;
  readonly beside: number | null;
  /** The newest set that was ever shown by itself; only newer ones are put in front. */
  readonly newest: number;
}

export const NOTHING: Choice = { shown: null, beside: null, newest: 0 };

/**
 * Follow the sets that there are now.
 *
 * A new set comes to the front as soon as it has picks, with the one shown until then beside it:
 * that is how a training shows what it changed. Whatever the user chooses later stays.
 *
 * @param isBusy whether the user is at work on the shown set: then nothing is put in its place.
 */
export function follow(
  choice: Choice,
  sets: readonly PickSetSummary[],
  isBusy = false,
): Choice {
  const there = new Set(sets.map((set) => set.id));
  const shown = choice.shown !== null && there.has(choice.shown) ? choice.shown : null;
  const beside = choice.beside !== null && there.has(choice.beside) ? choice.beside : null;
  const filled = sets.filter((set) => set.images > 0);
  const newest = filled.reduce((most, set) => Math.max(most, set.id), 0);
  if (newest > choice.newest && !(isBusy && shown !== null)) {
    return { shown: newest, beside: shown === newest ? beside : shown, newest };
  }
  if (shown !== null) return { ...choice, shown, beside };
  return { shown: newest > 0 ? newest : (sets[0]?.id ?? null), beside: null, newest: choice.newest };
}

/** The newest set with picks, where it waits for the user to look at it; null otherwise. */
export function waiting(
  choice: Choice,
  sets: readonly PickSetSummary[],
): PickSetSummary | null {
  const newer = sets.filter((set) => set.images > 0 && set.id > choice.newest);
  return newer.reduce<PickSetSummary | null>(
    (newest, set) => (newest === null || set.id > newest.id ? set : newest),
    null,
  );
}

/** Whether this was kept by `follow` in an earlier page. */
export function isChoice(value: unknown): value is Choice {
  if (typeof value !== "object" || value === null) return false;
  const { shown, beside, newest } = value as Record<string, unknown>;
  const isSet = (id: unknown): boolean => id === null || Number.isInteger(id);
  return isSet(shown) && isSet(beside) && Number.isInteger(newest);
}
