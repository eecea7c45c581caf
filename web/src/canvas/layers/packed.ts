/** Circles as the graphics card takes them: those that pass, ordered by where they lie. */

export interface Packing {
  /** Pairs of x and y. */
  positions: Float32Array;
  scores: Float32Array | null;
  radii: Float32Array | null;
  radius: number;
  /** Circles of a lower score are left out. */
  threshold: number;
}

export interface Packed {
  /** x, y, radius and nothing of each. */
  data: Float32Array;
  /** Of the texture. */
  width: number;
  height: number;
  /** Of the largest circle. */
  largest: number;
  cells: Cells;
}

/** A grid over the circles; those of a cell follow each other, and the cells of a row too. */
export interface Cells {
  left: number;
  top: number;
  /** Of one cell. */
  across: number;
  down: number;
  /** Along each axis. */
  count: number;
  /** Of each cell, row by row: its first circle; and the number of all at the end. */
  starts: Uint32Array;
}

/** Circles from one on, which are drawn by one call. */
export interface Stretch {
  first: number;
  count: number;
}

export interface Part {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Circles in a row of the texture. */
const ROW = 1024;
/** About so many circles are in a cell: fewer would need more calls than they save. */
const IN_CELL = 300;
const MOST_CELLS = 24;

export function packed({ positions, scores, radii, radius, threshold }: Packing): Packed {
  const members: number[] = [];
  for (let index = 0; 2 * index < positions.length; index++) {
    if ((scores?.[index] ?? Infinity) >= threshold) members.push(index);
  }
  const cells = gridOver(positions, members);
  const cellOf = (index: number): number => {
    const column = numberIn((positions[2 * index] ?? 0) - cells.left, cells.across, cells.count);
    const row = numberIn((positions[2 * index + 1] ?? 0) - cells.top, cells.down, cells.count);
    return row * cells.count + column;
  };
  for (const index of members) cells.starts[cellOf(index) + 1]! += 1;
  for (let cell = 1; cell < cells.starts.length; cell++) {
    cells.starts[cell]! += cells.starts[cell - 1]!;
  }
  const next = cells.starts.slice();
  const width = Math.max(1, Math.min(ROW, members.length));
  const height = Math.max(1, Math.ceil(members.length / ROW));
  const data = new Float32Array(4 * width * height);
  let largest = 0;
  for (const index of members) {
    const size = radii?.[index] ?? radius;
    const place = 4 * next[cellOf(index)]!++;
    data[place] = positions[2 * index] ?? 0;
    data[place + 1] = positions[2 * index + 1] ?? 0;
    data[place + 2] = size;
    largest = Math.max(largest, size);
  }
  return { data, width, height, largest, cells };
}

/** The circles whose middles lie in a part, and some around it, in as few stretches as can be. */
export function stretchesIn({ cells }: Packed, part: Part): Stretch[] {
  const { starts, count } = cells;
  const [left, right] = [part.left, part.right].map((x) => (x - cells.left) / cells.across);
  const [top, bottom] = [part.top, part.bottom].map((y) => (y - cells.top) / cells.down);
  if (right! < 0 || bottom! < 0 || left! > count || top! > count) return [];
  const within = (place: number): number => numberIn(place, 1, count);
  const found: Stretch[] = [];
  for (let row = within(top!); row <= within(bottom!); row++) {
    const first = starts[row * count + within(left!)]!;
    const end = starts[row * count + within(right!) + 1]!;
    const before = found.at(-1);
    if (before && before.first + before.count === first) before.count += end - first;
    else if (end > first) found.push({ first, count: end - first });
  }
  return found;
}

function numberIn(place: number, side: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(place / side)));
}

function gridOver(positions: Float32Array, members: readonly number[]): Cells {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const index of members) {
    const [x, y] = [positions[2 * index] ?? 0, positions[2 * index + 1] ?? 0];
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  const wanted = Math.round(Math.sqrt(members.length / IN_CELL));
  const count = Math.min(MOST_CELLS, Math.max(1, wanted));
  return {
    left,
    top,
    across: Math.max((right - left) / count, 1e-6),
    down: Math.max((bottom - top) / count, 1e-6),
    count,
    starts: new Uint32Array(count * count + 1),
  };
}
