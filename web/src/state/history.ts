/** What is labelled on an image, as edits change it, and the way back from each. */
import type { Operation, Point, Region } from "../api/client";

/** Points and regions by id, in the order in which they were set. */
export interface LabelSet {
  readonly points: ReadonlyMap<string, Point>;
  readonly regions: ReadonlyMap<string, Region>;
}

export const EMPTY: LabelSet = { points: new Map(), regions: new Map() };

export function labelSet(points: readonly Point[], regions: readonly Region[]): LabelSet {
  return {
    points: new Map(points.map((point) => [point.id, point])),
    regions: new Map(regions.map((region) => [region.id, region])),
  };
}

/** The labels after operations; those given stay as they are. */
export function applied(before: LabelSet, operations: readonly Operation[]): LabelSet {
  if (operations.length === 0) return before;
  const points = new Map(before.points);
  const regions = new Map(before.regions);
  for (const operation of operations) {
    if (operation.operation === "put_point") points.set(operation.point.id, operation.point);
    else if (operation.operation === "put_region") {
      regions.set(operation.region.id, operation.region);
    } else {
      for (const id of operation.ids) {
        points.delete(id);
        regions.delete(id);
      }
    }
  }
  return { points, regions };
}

/** The ids that operations put or remove, each once. */
function idsOf(operations: readonly Operation[]): Set<string> {
  const ids = new Set<string>();
  for (const operation of operations) {
    if (operation.operation === "put_point") ids.add(operation.point.id);
    else if (operation.operation === "put_region") ids.add(operation.region.id);
    else operation.ids.forEach((id) => ids.add(id));
  }
  return ids;
}

/** The labels that operations are about to replace or remove. */
export function touched(before: LabelSet, operations: readonly Operation[]): (Point | Region)[] {
  return [...idsOf(operations)].flatMap(
    (id) => before.points.get(id) ?? before.regions.get(id) ?? [],
  );
}

/** Operations that lead back to the labels before others. */
export function inverse(before: LabelSet, operations: readonly Operation[]): Operation[] {
  const back: Operation[] = [];
  const added: string[] = [];
  for (const id of idsOf(operations)) {
    const point = before.points.get(id);
    const region = before.regions.get(id);
    if (point) back.push({ operation: "put_point", point: unsigned(point) });
    if (region) back.push({ operation: "put_region", region: unsigned(region) });
    if (!point && !region) added.push(id);
  }
  if (added.length > 0) back.unshift({ operation: "remove", ids: added });
  return back;
}

/** Without who set it and when, which the server says of what is put again. */
function unsigned<T extends Point | Region>(label: T): T {
  return { ...label, by: null, at: null };
}

interface Step {
  readonly undo: readonly Operation[];
  readonly redo: readonly Operation[];
}

/** Steps back and forth on one image, without limit. */
export class History {
  readonly #done: Step[] = [];
  #undone: Step[] = [];

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Remember operations that are about to change these labels. */
  add(before: LabelSet, operations: readonly Operation[]): void {
    this.#done.push({ undo: inverse(before, operations), redo: operations });
    this.#undone = [];
  }

  /** Operations that take the last step back; null without one. */
  undo(): readonly Operation[] | null {
    const step = this.#done.pop();
    if (step === undefined) return null;
    this.#undone.push(step);
    return step.undo;
  }

  /** Operations of the step taken back last; null without one. */
  redo(): readonly Operation[] | null {
    const step = this.#undone.pop();
    if (step === undefined) return null;
    this.#done.push(step);
    return step.redo;
  }
}
