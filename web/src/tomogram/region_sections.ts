/** What slices cut out of regions, which are outlines seen from above with a depth. */

import type { Region } from "../api/schema";
import { contains } from "../geometry/polygon";
import type { Plane, Voxel } from "./planes";

/** Polygons in a slice: the outline from above, and boxes as deep as the region from the sides. */
export function sectionsOf(region: Region, plane: Plane, slice: number): Voxel[][] {
  const low = region.z_low ?? -Infinity;
  const high = region.z_high ?? Infinity;
  if (plane === "xy") {
    if (slice < low || slice > high) return [];
    return [region.outline.map(([x = 0, y = 0]) => ({ x, y, z: slice }))];
  }
  const spans = plane === "xz" ? spansOf(region.outline, 0, slice) : spansOf(region.outline, 1, slice);
  return spans.map(([from, to]) =>
    [
      [from, low],
      [to, low],
      [to, high],
      [from, high],
    ].map(([at = 0, z = 0]) =>
      plane === "xz" ? { x: at, y: slice, z } : { x: slice, y: at, z },
    ),
  );
}

/** The region that was drawn last of those that a place lies in. */
export function regionAt(regions: readonly Region[], voxel: Voxel): Region | null {
  const found = regions.filter(
    ({ outline, z_low, z_high }) =>
      voxel.z >= (z_low ?? -Infinity) &&
      voxel.z <= (z_high ?? Infinity) &&
      contains(
        outline.map(([x = 0, y = 0]) => ({ x, y })),
        voxel,
      ),
  );
  return found[found.length - 1] ?? null;
}

/**
 * Where a line through an outline is inside of it.
 *
 * @param along Axis of the line: 0 for x, 1 for y.
 * @param value Where the line crosses the other axis.
 */
function spansOf(
  outline: readonly (readonly number[])[],
  along: 0 | 1,
  value: number,
): [number, number][] {
  const across = 1 - along;
  const crossings: { at: number; turn: number }[] = [];
  outline.forEach((start, index) => {
    const end = outline[(index + 1) % outline.length] ?? start;
    const [a = 0, b = 0] = [start[across], end[across]];
    if (a <= value === b <= value) return;
    const share = (value - a) / (b - a);
    const at = (start[along] ?? 0) + share * ((end[along] ?? 0) - (start[along] ?? 0));
    crossings.push({ at, turn: b > a ? 1 : -1 });
  });
  crossings.sort((first, second) => first.at - second.at);
  const spans: [number, number][] = [];
  let winding = 0;
  let from = 0;
  for (const { at, turn } of crossings) {
    if (winding === 0) from = at;
    winding += turn;
    if (winding === 0) spans.push([from, at]);
  }
  return spans;
}
