/** Where candidates of a gallery are, on their sheets and on screen. */

/** Items asked for at once; their pictures are one sheet. */
export const PAGE = 60;
/** Pictures in a row of a full sheet. */
const SHEET_COLUMNS = 10;
/** Sides of a picture on screen. */
export const SIZES: readonly { readonly px: number; readonly label: string }[] = [
  { px: 64, label: "small" },
  { px: 96, label: "medium" },
  { px: 144, label: "large" },
  { px: 208, label: "very large" },
];
/** Largest side of a picture on a sheet. */
const LARGEST_TILE_PX = 256;
/** Rows that are drawn above and below those in sight. */
const MARGIN_ROWS = 2;

export interface Layout {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of the whole gallery. */
  readonly height: number;
}

/** A gallery of `total` cells of `cell` pixels in a frame `width` wide. */
export function layoutOf(total: number, width: number, cell: number): Layout {
  const columns = Math.max(1, Math.floor(width / cell));
  const rows = Math.ceil(total / columns);
  return { columns, rows, height: rows * cell };
}

export interface Span {
  /** The first index, and the one after the last. */
  readonly first: number;
  readonly end: number;
}

/** The items that must be on the page when it is scrolled down to `top`. */
export function spanInSight(
  layout: Layout,
  total: number,
  cell: number,
  top: number,
  height: number,
): Span {
  const firstRow = Math.max(0, Math.floor(top / cell) - MARGIN_ROWS);
  const endRow = Math.min(layout.rows, Math.ceil((top + height) / cell) + MARGIN_ROWS);
  return {
    first: Math.min(total, firstRow * layout.columns),
    end: Math.min(total, Math.max(firstRow, endRow) * layout.columns),
  };
}

/** The numbers of the pages that hold a span. */
export function pagesOf(span: Span): number[] {
  if (span.end <= span.first) return [];
  const first = Math.floor(span.first / PAGE);
  const last = Math.floor((span.end - 1) / PAGE);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

export interface Sprite {
  /** `background-size` and `background-position`, pixels. */
  readonly size: string;
  readonly position: string;
}

/** Pictures in a row of a sheet of `count`: the server draws it as wide as it is told to. */
export const columnsOf = (count: number): number => Math.max(1, Math.min(SHEET_COLUMNS, count));

/**
 * How the sheet is laid behind a cell so that the item's own picture shows.
 *
 * `index` is the item's on the sheet, `count` the number of items on it, `shown` the side of a
 * picture on screen.
 */
export function spriteOf(index: number, count: number, shown: number): Sprite {
  const columns = columnsOf(count);
  const column = index % columns;
  const row = Math.floor(index / columns);
  const down = Math.ceil(count / columns);
  return {
    size: `${columns * shown}px ${down * shown}px`,
    position: `${-column * shown}px ${-row * shown}px`,
  };
}

/** How far to scroll so that the row of an item is wholly in sight. */
export function scrollTo(
  index: number,
  layout: Layout,
  cell: number,
  top: number,
  height: number,
): number {
  const above = Math.floor(index / layout.columns) * cell;
  if (above < top) return above;
  if (above + cell > top + height) return above + cell - height;
  return top;
}

/** Side of a picture on a sheet that looks sharp at `side` on this screen. */
export function tileFor(side: number, pixelRatio: number): number {
  return Math.max(16, Math.min(LARGEST_TILE_PX, Math.round(side * Math.max(1, pixelRatio))));
}
