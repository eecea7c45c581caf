/** Which tiles of a pyramid a view needs. */
import type { Pyramid } from "../api/client";
import type { Rectangle, Size } from "../geometry/view";

export interface Tile {
  level: number;
  row: number;
  column: number;
}

export const keyOf = (tile: Tile): string => `${tile.level}/${tile.row}/${tile.column}`;

/** A level's pixel may cover this many pixels of the screen before a finer level is taken. */
const COARSEST_PIXEL = 1.4;
/** The shader's Gaussian reaches far enough for this deviation, in pixels of the level. */
const WIDEST_DEVIATION = 1.3;

/**
 * The level to draw.
 *
 * @param pixelsOfScreen Device pixels along one pixel of the stored image.
 * @param deviation Of the low-pass, pixels of the stored image: a wide one needs no fine level.
 */
export function levelFor(pyramid: Pyramid, pixelsOfScreen: number, deviation: number): number {
  const scales = pyramid.levels.map((level) => level.scale);
  let best = Math.max(0, scales.findLastIndex((scale) => scale * pixelsOfScreen <= COARSEST_PIXEL));
  while (best + 1 < scales.length && (scales[best] ?? 1) * WIDEST_DEVIATION < deviation) best++;
  return best;
}

/** The tiles of a level that a part of the image needs, those in its middle first. */
export function tilesIn(pyramid: Pyramid, level: number, part: Rectangle): Tile[] {
  const size = pyramid.levels[level];
  if (size === undefined) return [];
  const side = pyramid.tile_px * size.scale;
  const columns = Math.ceil(size.width / pyramid.tile_px);
  const rows = Math.ceil(size.height / pyramid.tile_px);
  const first = (edge: number): number => Math.max(0, Math.floor((edge + 0.5) / side));
  const last = (edge: number, count: number): number =>
    Math.min(count - 1, Math.floor((edge + 0.5) / side));
  const tiles: (Tile & { away: number })[] = [];
  const middle = { x: (part.left + part.right) / 2, y: (part.top + part.bottom) / 2 };
  for (let row = first(part.top); row <= last(part.bottom, rows); row++) {
    for (let column = first(part.left); column <= last(part.right, columns); column++) {
      const away = Math.hypot(
        (column + 0.5) * side - 0.5 - middle.x,
        (row + 0.5) * side - 0.5 - middle.y,
      );
      tiles.push({ level, row, column, away });
    }
  }
  return tiles
    .sort((a, b) => a.away - b.away)
    .map((tile) => ({ level, row: tile.row, column: tile.column }));
}

/** Pixels and rows of a tile. */
export function sizeOf(pyramid: Pyramid, tile: Tile): Size {
  const level = pyramid.levels[tile.level];
  return {
    width: Math.min(pyramid.tile_px, (level?.width ?? 0) - tile.column * pyramid.tile_px),
    height: Math.min(pyramid.tile_px, (level?.height ?? 0) - tile.row * pyramid.tile_px),
  };
}

/** Where a tile begins, in pixels of the stored image, and how many of them its pixels cover. */
export function placeOf(
  pyramid: Pyramid,
  tile: Tile,
): { left: number; top: number; scale: number } {
  const scale = pyramid.levels[tile.level]?.scale ?? 1;
  const side = pyramid.tile_px * scale;
  return { left: tile.column * side - 0.5, top: tile.row * side - 0.5, scale };
}
