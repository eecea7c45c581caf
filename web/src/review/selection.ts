/** Which items of a gallery are chosen: one that the keys are at, and a selection around it. */

export interface Selection {
  /** Where the keys are. */
  readonly at: number;
  /** Where a range begins. */
  readonly anchor: number;
  /** Chosen places of the gallery, besides those of the range from `anchor` to `at`. */
  readonly chosen: ReadonlySet<number>;
  /** Whether the range from `anchor` to `at` is chosen. */
  readonly isRange: boolean;
}

export const START: Selection = { at: 0, anchor: 0, chosen: new Set(), isRange: false };

const clamp = (place: number, total: number): number =>
  Math.max(0, Math.min(Math.max(0, total - 1), place));

/** Whether a place is chosen. */
export function isChosen(selection: Selection, place: number): boolean {
  if (selection.chosen.has(place)) return true;
  if (!selection.isRange) return false;
  const { at, anchor } = selection;
  return place >= Math.min(at, anchor) && place <= Math.max(at, anchor);
}

/** All chosen places, rising; the one that the keys are at where none is chosen. */
export function placesOf(selection: Selection): number[] {
  const places = new Set(selection.chosen);
  if (selection.isRange) {
    const { at, anchor } = selection;
    for (let place = Math.min(at, anchor); place <= Math.max(at, anchor); place++) {
      places.add(place);
    }
  }
  if (places.size === 0) return [selection.at];
  return [...places].sort((first, second) => first - second);
}

/** Go to a place; with `extends_`, choose everything from the anchor to it. */
export function goTo(
  selection: Selection,
  place: number,
  total: number,
  extends_ = false,
): Selection {
  const at = clamp(place, total);
  if (extends_) return { ...selection, at, isRange: true };
  return { at, anchor: at, chosen: new Set(), isRange: false };
}

/** Choose a place, or no longer; the others stay. */
export function toggle(selection: Selection, place: number): Selection {
  const chosen = new Set(selection.isRange ? placesOf(selection) : selection.chosen);
  if (!chosen.delete(place)) chosen.add(place);
  return { at: place, anchor: place, chosen, isRange: false };
}

/** Where an arrow leads. */
export function step(
  at: number,
  key: string,
  columns: number,
  rowsInSight: number,
  total: number,
): number | null {
  const by: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * rowsInSight,
    PageDown: columns * rowsInSight,
    Home: -at,
    End: total - 1 - at,
  };
  const move = by[key];
  return move === undefined ? null : clamp(at + move, total);
}
