/** Which labels and candidates a slice cuts, and which of them is under the pointer. */

import type { Point } from "../api/schema";
import { HIDDEN, REJECTED, shownAs, UNDECIDED, type Candidates } from "../review/candidates";
import { toScreen, type Camera, type Plane, type Position, type Size, type Voxel } from "./planes";
import { distanceToSlab, drawnRadius, sectionOf } from "./sections";

export type MarkKind = "particle" | "not_particle" | "candidate" | "beside";

export interface Mark {
  readonly kind: MarkKind;
  /** Of a label: its id; of a candidate: its number in its set. */
  readonly id: string | number;
  readonly voxel: Voxel;
  /** Empty where nobody knows it. */
  readonly className: string;
  /** Of the section, voxels. */
  readonly radius: number;
  readonly opacity: number;
  /** Of a candidate: UNDECIDED, KEPT, TO_REVIEW, LEFT_OUT or REJECTED. */
  readonly verdict: number;
}

/** A slab of a tomogram, and how large the particles in it are. */
export interface Slab {
  readonly plane: Plane;
  readonly slice: number;
  readonly thickness: number;
  /** Radius of a class, voxels. */
  readonly radiusOf: (className: string) => number;
}

export function labelMarks(points: readonly Point[], slab: Slab): Mark[] {
  return points.flatMap((point) => {
    const { id, kind, class_name: className } = point;
    const voxel = { x: point.x, y: point.y, z: point.z ?? 0 };
    return cut(slab, { kind, id, className, voxel, verdict: UNDECIDED });
  });
}

/** The candidates that are drawn at a threshold, with what was decided about each. */
export function candidateMarks(
  candidates: Candidates,
  threshold: number,
  slab: Slab,
  kind: "candidate" | "beside",
): Mark[] {
  const { x, y, z, number, className, length } = candidates;
  const marks: Mark[] = [];
  for (let index = 0; index < length; index += 1) {
    const verdict = shownAs(candidates, index, threshold);
    if (verdict === HIDDEN) continue;
    const voxel = { x: x[index]!, y: y[index]!, z: z?.[index] ?? 0 };
    const name = className?.[index] ?? "";
    marks.push(...cut(slab, { kind, id: number[index]!, className: name, voxel, verdict }));
  }
  return marks;
}

function cut(slab: Slab, mark: Omit<Mark, "radius" | "opacity">): Mark[] {
  const distance = distanceToSlab(slab.plane, mark.voxel, slab.slice, slab.thickness);
  const section = sectionOf(slab.radiusOf(mark.className), distance);
  return section ? [{ ...mark, ...section }] : [];
}

/** Whether a click may take a mark: what was rejected is drawn, and in nobody's way. */
export function isOpen(mark: Mark): boolean {
  return mark.verdict !== REJECTED;
}

/** The mark whose middle is nearest to a place, if the place is within its circle. */
export function markAt(
  marks: readonly Mark[],
  place: Position,
  plane: Plane,
  camera: Camera,
  size: Size,
): Mark | null {
  // Never harder to hit than this many CSS pixels.
  const easy = 6;
  let nearest: Mark | null = null;
  let least = Infinity;
  for (const mark of marks) {
    const { left, top } = toScreen(plane, mark.voxel, camera, size);
    const distance = Math.hypot(left - place.left, top - place.top);
    const reach = Math.max(drawnRadius(mark, camera.zoom), easy);
    if (distance <= reach && distance < least) {
      nearest = mark;
      least = distance;
    }
  }
  return nearest;
}
