/** Strokes of a round brush. */
import { distanceToSegment, withinCorners } from "./polygon";
import type { Place } from "./view";

/** Cells of the grid along the brush's radius: the outline errs by less than half a cell. */
const CELLS_OF_RADIUS = 10;
const MOST_CELLS = 1_500_000;

/** Whether a place lies under the stroke of a brush along a path. */
export function isUnder(path: readonly Place[], radius: number, place: Place): boolean {
  let before = path[0];
  for (const next of path) {
    if (before !== undefined && distanceToSegment(place, before, next) <= radius) return true;
    before = next;
  }
  return false;
}

/**
 * The outline of a stroke, without its holes.
 *
 * The stroke may cross itself, so that it is painted into a grid, of which the border is followed.
 *
 * @param mostCorners The outline gets no more corners than this.
 */
export function outlineOfStroke(
  path: readonly Place[],
  radius: number,
  mostCorners: number,
): Place[] {
  const first = path[0];
  if (first === undefined) return [];
  let [left, top, right, bottom] = [first.x, first.y, first.x, first.y];
  for (const { x, y } of path) {
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
  }
  const area = (right - left + 2 * radius) * (bottom - top + 2 * radius);
  const cell = Math.max(radius / CELLS_OF_RADIUS, Math.sqrt(area / MOST_CELLS));
  // An empty frame of two cells, so that the border never meets the grid's end.
  const origin = { x: left - radius - 2 * cell, y: top - radius - 2 * cell };
  const columns = Math.ceil((right - left + 2 * radius) / cell) + 5;
  const rows = Math.ceil((bottom - top + 2 * radius) / cell) + 5;
  const painted = new Uint8Array(columns * rows);
  let before = first;
  for (const next of path) {
    paint(painted, columns, rows, origin, cell, before, next, radius);
    before = next;
  }
  const border = borderOf(painted, columns, rows);
  const corners = border.map(({ x, y }) => ({ x: origin.x + x * cell, y: origin.y + y * cell }));
  return withinCorners(corners, mostCorners, cell * 0.75);
}

/** Paint the cells whose middles lie under one straight part of the stroke. */
function paint(
  painted: Uint8Array,
  columns: number,
  rows: number,
  origin: Place,
  cell: number,
  start: Place,
  end: Place,
  radius: number,
): void {
  const column = (x: number): number =>
    Math.min(columns - 1, Math.max(0, Math.round((x - origin.x) / cell - 0.5)));
  const row = (y: number): number =>
    Math.min(rows - 1, Math.max(0, Math.round((y - origin.y) / cell - 0.5)));
  const lastRow = row(Math.max(start.y, end.y) + radius);
  const lastColumn = column(Math.max(start.x, end.x) + radius);
  for (let j = row(Math.min(start.y, end.y) - radius); j <= lastRow; j++) {
    for (let i = column(Math.min(start.x, end.x) - radius); i <= lastColumn; i++) {
      const middle = { x: origin.x + (i + 0.5) * cell, y: origin.y + (j + 0.5) * cell };
      if (distanceToSegment(middle, start, end) <= radius) painted[j * columns + i] = 1;
    }
  }
}

/** Steps along cells' sides: right, down, left, up. */
const STEPS: readonly Place[] = [
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
  { x: 0, y: -1 },
];

/** Follow the outer border of the painted cells, which hang together, with them on the right. */
function borderOf(painted: Uint8Array, columns: number, rows: number): Place[] {
  const start = painted.indexOf(1);
  if (start < 0) return [];
  const isPainted = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < columns && y < rows && painted[y * columns + x] === 1;
  const begin = { x: start % columns, y: Math.floor(start / columns) };
  const border: Place[] = [];
  let [x, y, heading] = [begin.x, begin.y, 0];
  do {
    border.push({ x, y });
    x += STEPS[heading]?.x ?? 0;
    y += STEPS[heading]?.y ?? 0;
    // The two cells ahead of this corner, on the left and on the right of the heading.
    const ahead = [
      { left: { x, y: y - 1 }, right: { x, y } },
      { left: { x, y }, right: { x: x - 1, y } },
      { left: { x: x - 1, y }, right: { x: x - 1, y: y - 1 } },
      { left: { x: x - 1, y: y - 1 }, right: { x, y: y - 1 } },
    ][heading];
    if (ahead === undefined) break;
    if (isPainted(ahead.left.x, ahead.left.y)) heading = (heading + 3) % 4;
    else if (!isPainted(ahead.right.x, ahead.right.y)) heading = (heading + 1) % 4;
  } while (x !== begin.x || y !== begin.y || heading !== 0);
  return border;
}
