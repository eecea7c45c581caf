/** What becomes of a selection, as one step that can be undone. */
import type { Operation, Point } from "../api/client";
import { newId } from "../api/ids";
import type { Selection } from "./tools/tool";

/** Call all that is selected particles, or no particles. */
export function retyped(
  { points, candidates }: Selection,
  kind: Point["kind"],
  class_name: string,
): Operation[] {
  const changed = points.filter(
    (point) => point.kind !== kind || (kind === "particle" && point.class_name !== class_name),
  );
  return [
    ...changed.map((point): Operation => ({
      operation: "put_point",
      point: { ...point, kind, class_name, by: null, at: null },
    })),
    ...candidates.map(({ x, y }): Operation => ({
      operation: "put_point",
      point: { id: newId(), kind, class_name, x, y, z: null },
    })),
  ];
}

/** Remove the labels that are selected. */
export function removal({ points }: Selection): Operation[] {
  return points.length > 0
    ? [{ operation: "remove", ids: points.map((point) => point.id) }]
    : [];
}
