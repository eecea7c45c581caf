/** What edits do to labels: apply, take back, and what they touch. */
import type { Labels, Point, PutPoint, PutRegion, Region, Remove } from "./schema";

export type Operation = PutPoint | PutRegion | Remove;
export type Item = Point | Region;
/** Points and regions by id, in the order in which they were set. */
export type Items = ReadonlyMap<string, Item>;

export const NO_ITEMS: Items = new Map();

export const isRegion = (item: Item): item is Region => "outline" in item;
export const isPoint = (item: Item): item is Point => !isRegion(item);

export const itemsOf = ({ points, regions }: Pick<Labels, "points" | "regions">): Items =>
  new Map([...points, ...regions].map((item) => [item.id, item]));

/** The items after operations, in order; those given stay as they are. */
export function applied(before: Items, operations: readonly Operation[]): Items {
  if (operations.length === 0) return before;
  const after = new Map(before);
  for (const one of operations) {
    if (one.operation === "remove") for (const id of one.ids) after.delete(id);
    else {
      const item = one.operation === "put_point" ? one.point : one.region;
      after.set(item.id, item);
    }
  }
  return after;
}

/** Ids of all that operations put or remove, each once. */
export function idsOf(operations: readonly Operation[]): string[] {
  const ids = operations.flatMap((one) => {
    if (one.operation === "remove") return one.ids;
    return one.operation === "put_point" ? [one.point.id] : [one.region.id];
  });
  return [...new Set(ids)];
}

/** The items that operations are about to replace or remove. */
export function touched(before: Items, operations: readonly Operation[]): Item[] {
  return idsOf(operations).flatMap((id) => before.get(id) ?? []);
}

/** Operations that lead back to the items before others. */
export function inverse(before: Items, operations: readonly Operation[]): Operation[] {
  const put = touched(before, operations).map((item): Operation => {
    // Who set it and when is for the server to say of what is put again.
    const again = { ...item, by: null, at: null };
    return isRegion(again)
      ? { operation: "put_region", region: again }
      : { operation: "put_point", point: again };
  });
  const added = idsOf(operations).filter((id) => !before.has(id));
  return added.length === 0 ? put : [{ operation: "remove", ids: added }, ...put];
}

/** Whether two say the same, or neither is there; who said it and when does not count. */
export function isSame(a: Item | undefined, b: Item | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return JSON.stringify(essence(a)) === JSON.stringify(essence(b));
}

function essence(item: Item): unknown[] {
  return isRegion(item)
    ? [item.id, item.kind, item.outline, item.z_low ?? null, item.z_high ?? null]
    : [item.id, item.kind, item.class_name, item.x, item.y, item.z ?? null];
}

/**
 * The ids that both an edit and somebody else changed.
 *
 * @param operations of the edit.
 * @param before what the edit touches, as the person saw it; what is missing was not there.
 * @param now what is saved.
 */
export function clashes(
  operations: readonly Operation[],
  before: readonly Item[],
  now: Items,
): string[] {
  const seen: Items = new Map(before.map((item) => [item.id, item]));
  const after = applied(seen, operations);
  return idsOf(operations).filter((id) => {
    const is = now.get(id);
    return !isSame(is, seen.get(id)) && !isSame(is, after.get(id));
  });
}
