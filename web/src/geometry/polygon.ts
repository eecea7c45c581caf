/** Polygons: outlines that are closed without repeating their first corner. */
import type { Place, Rectangle } from "./view";

export type Outline = readonly Place[];

/** Whether a place lies inside, by the even-odd rule. */
export function contains(outline: Outline, place: Place): boolean {
  let inside = false;
  let before = outline[outline.length - 1];
  for (const corner of outline) {
    if (before !== undefined && corner.y > place.y !== before.y > place.y) {
      const x = before.x + ((place.y - before.y) / (corner.y - before.y)) * (corner.x - before.x);
      if (place.x < x) inside = !inside;
    }
    before = corner;
  }
  return inside;
}

export function boundsOf(outline: Outline): Rectangle {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of outline) {
    bounds.left = Math.min(bounds.left, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.right = Math.max(bounds.right, x);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  return bounds;
}

/** The area, without sign. */
export function areaOf(outline: Outline): number {
  let twice = 0;
  let before = outline[outline.length - 1];
  for (const corner of outline) {
    if (before !== undefined) twice += before.x * corner.y - corner.x * before.y;
    before = corner;
  }
  return Math.abs(twice) / 2;
}

/** The corners of the rectangle between two opposite ones. */
export function rectangleBetween(first: Place, second: Place): Place[] {
  return [
    { x: first.x, y: first.y },
    { x: second.x, y: first.y },
    { x: second.x, y: second.y },
    { x: first.x, y: second.y },
  ];
}

/** The outline cut to a rectangle (Sutherland and Hodgman); empty where nothing is left. */
export function clipped(outline: Outline, to: Rectangle): Place[] {
  let corners: Place[] = [...outline];
  const sides: [(place: Place) => number, (a: Place, b: Place) => Place][] = [
    [(p) => p.x - to.left, (a, b) => onVertical(a, b, to.left)],
    [(p) => to.right - p.x, (a, b) => onVertical(a, b, to.right)],
    [(p) => p.y - to.top, (a, b) => onHorizontal(a, b, to.top)],
    [(p) => to.bottom - p.y, (a, b) => onHorizontal(a, b, to.bottom)],
  ];
  for (const [depth, crossing] of sides) {
    const left: Place[] = [];
    let before = corners[corners.length - 1];
    for (const corner of corners) {
      if (before !== undefined) {
        if (depth(corner) >= 0 !== depth(before) >= 0) left.push(crossing(before, corner));
        if (depth(corner) >= 0) left.push(corner);
      }
      before = corner;
    }
    corners = left;
  }
  return corners;
}

function onVertical(a: Place, b: Place, x: number): Place {
  return { x, y: a.y + ((x - a.x) / (b.x - a.x)) * (b.y - a.y) };
}

function onHorizontal(a: Place, b: Place, y: number): Place {
  return { x: a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x), y };
}

/**
 * The outline with fewer corners, none of those left out farther from it than a tolerance.
 *
 * Douglas and Peucker's method on the two halves of the outline.
 */
export function simplified(outline: Outline, tolerance: number): Place[] {
  if (outline.length <= 3) return [...outline];
  const half = Math.floor(outline.length / 2);
  const first = simplifiedPath(outline.slice(0, half + 1), tolerance);
  const second = simplifiedPath([...outline.slice(half), outline[0] as Place], tolerance);
  const corners = [...first.slice(0, -1), ...second.slice(0, -1)];
  return corners.length >= 3 ? corners : [...outline];
}

/** The outline with at most so many corners. */
export function withinCorners(outline: Outline, most: number, tolerance: number): Place[] {
  let corners = simplified(outline, tolerance);
  for (let coarser = tolerance * 2; corners.length > most; coarser *= 2) {
    corners = simplified(outline, coarser);
  }
  return corners;
}

/** An open path with fewer corners; its ends stay. */
function simplifiedPath(path: Outline, tolerance: number): Place[] {
  const stays = new Uint8Array(path.length);
  stays[0] = stays[path.length - 1] = 1;
  const open: [number, number][] = [[0, path.length - 1]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [from, to] = span;
    let farthest = -1;
    let distance = tolerance;
    for (let index = from + 1; index < to; index++) {
      const found = distanceToSegment(
        path[index] as Place,
        path[from] as Place,
        path[to] as Place,
      );
      if (found > distance) [farthest, distance] = [index, found];
    }
    if (farthest < 0) continue;
    stays[farthest] = 1;
    open.push([from, farthest], [farthest, to]);
  }
  return path.filter((_, index) => stays[index] === 1);
}

/** Distance of a place from the line between two others. */
export function distanceToSegment(place: Place, start: Place, end: Place): number {
  const dx = end.x - start.x;
  const dy = end.y - start.y;
  const squared = dx * dx + dy * dy;
  const along =
    squared === 0 ? 0 : ((place.x - start.x) * dx + (place.y - start.y) * dy) / squared;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(place.x - start.x - share * dx, place.y - start.y - share * dy);
}
