/** Whether an edit still fits labels that somebody else has changed meanwhile. */
import type { Labels, Point, PutPoint, PutRegion, Region, Remove } from "./schema";

export type Operation = PutPoint | PutRegion | Remove;
export type Item = Point | Region;
export type Items = Map<string, Item>;

export const itemsOf = (labels: Labels): Items =>
  new Map([...labels.points, ...labels.regions].map((item) => [item.id, item]));

/** Whether two say the same; who said it and when does not count. */
export function isSame(a: Item, b: Item): boolean {
  return JSON.stringify(essence(a)) === JSON.stringify(essence(b));
}

function essence(item: Item): unknown[] {
  if ("outline" in item) {
    return [item.id, item.kind, item.outline, item.z_low ?? null, item.z_high ?? null];
  }
  return [item.id, item.kind, item.class_name, item.x, item.y, item.z ?? null];
}

/** Apply operations to `items`, in order. */
export function apply(items: Items, operations: readonly Operation[]): void {
  for (const one of operations) {
    if (one.operation === "remove") one.ids.forEach((id) => items.delete(id));
    else if (one.operation === "put_point") items.set(one.point.id, one.point);
    else items.set(one.region.id, one.region);
  }
}

/** Ids of all that operations put or remove, each once. */
export function touched(operations: readonly Operation[]): string[] {
  const ids = operations.flatMap((one) =>
    one.operation === "remove"
      ? one.ids
      : [one.operation === "put_point" ? one.point.id : one.region.id],
  );
  return [...new Set(ids)];
}

/**
 * The ids that both the edit and somebody else changed.
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
  const after: Items = new Map(seen);
  apply(after, operations);
  return touched(operations).filter((id) => {
    const [saw, wants, is] = [seen.get(id), after.get(id), now.get(id)];
    return !agrees(is, saw) && !agrees(is, wants);
  });
}

function agrees(a: Item | undefined, b: Item | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return isSame(a, b);
}
