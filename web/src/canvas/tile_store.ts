/** Which tiles are on the graphics card, and which are on their way. */
import type { Pyramid } from "../api/client";
import { keyOf, placeOf, sizeOf, type Tile } from "./pyramid";
import { SIDES, type Picture, type Side } from "./tile_texture";
import { NUMBERS_OF_TILE } from "./layers/tiles";

const MOST_REQUESTS = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

/** Where pictures go: the graphics card, or a stand-in. */
export interface Slots {
  putWhole(slot: number, picture: Picture["whole"]): void;
  putMargin(
    slot: number,
    side: Side,
    piece: Picture["whole"],
    width: number,
    height: number,
  ): void;
}

export interface TileStoreOptions {
  pyramid: Pyramid;
  slots: Slots;
  count: number;
  /** Fetch and decode a tile. */
  read: (tile: Tile, signal: AbortSignal) => Promise<Picture>;
  /** Called when what can be drawn changed. */
  changed: () => void;
  /** Called with why a tile could not be read, and with null when one could again. */
  failed: (error: unknown) => void;
}

interface Held {
  tile: Tile;
  slot: number;
  pieces: Picture["pieces"];
  /** Neighbouring pixels known to the left, above, to the right, below. */
  reaches: [number, number, number, number];
}

export class TileStore {
  readonly #held = new Map<string, Held>();
  readonly #reading = new Map<string, AbortController>();
  readonly #free: number[];
  #wanted: Tile[] = [];
  #pinned = new Set<string>();
  #wait_ms = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isClosed = false;

  constructor(private readonly options: TileStoreOptions) {
    this.#free = Array.from({ length: options.count }, (_, slot) => options.count - 1 - slot);
  }

  /** Whether all that is wanted can be drawn. */
  get isComplete(): boolean {
    return this.#wanted.every((tile) => this.#held.has(keyOf(tile)));
  }

  /** Ask for tiles, the most important first; others on their way are given up. */
  want(tiles: readonly Tile[]): void {
    this.#wanted = tiles.slice(0, this.options.count);
    this.#pinned = new Set(this.#wanted.map(keyOf));
    for (const [key, reading] of this.#reading) {
      if (!this.#pinned.has(key)) reading.abort();
    }
    // Those used last are given up last.
    for (const key of this.#pinned) {
      const held = this.#held.get(key);
      if (held === undefined) continue;
      this.#held.delete(key);
      this.#held.set(key, held);
    }
    this.#readNext();
  }

  /** The numbers that `TilesLayer` draws: from the coarsest level to one level and its tiles. */
  drawn(level: number): Float32Array {
    const shown = [...this.#held.values()].filter((held) =>
      this.isComplete
        ? held.tile.level === level && this.#pinned.has(keyOf(held.tile))
        : held.tile.level >= level,
    );
    shown.sort((a, b) => b.tile.level - a.tile.level);
    const numbers = new Float32Array(NUMBERS_OF_TILE * shown.length);
    shown.forEach(({ tile, slot, reaches }, index) => {
      const { left, top, scale } = placeOf(this.options.pyramid, tile);
      const { width, height } = sizeOf(this.options.pyramid, tile);
      numbers.set(
        [left, top, width * scale, height * scale, width, height, slot, scale, ...reaches],
        NUMBERS_OF_TILE * index,
      );
    });
    return numbers;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const reading of this.#reading.values()) reading.abort();
    for (const held of this.#held.values()) held.pieces.forEach((piece) => piece.close());
    this.#held.clear();
  }

  #readNext(): void {
    if (this.#isClosed || this.#timer !== null) return;
    for (const tile of this.#wanted) {
      if (this.#reading.size >= MOST_REQUESTS) return;
      const key = keyOf(tile);
      if (!this.#held.has(key) && !this.#reading.has(key)) void this.#read(tile);
    }
  }

  async #read(tile: Tile): Promise<void> {
    const key = keyOf(tile);
    const reading = new AbortController();
    this.#reading.set(key, reading);
    try {
      const picture = await this.options.read(tile, reading.signal);
      if (this.#isClosed) picture.pieces.forEach((piece) => piece.close());
      else this.#take(tile, picture);
      picture.whole.close();
      this.#wait_ms = 0;
      this.options.failed(null);
    } catch (error) {
      if (!reading.signal.aborted) this.#failed(error);
    } finally {
      this.#reading.delete(key);
    }
    this.#readNext();
  }

  /** Ask again a little later, and later still while that fails. */
  #failed(error: unknown): void {
    this.options.failed(error);
    this.#wait_ms = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, 2 * this.#wait_ms));
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#readNext();
    }, this.#wait_ms);
  }

  #take(tile: Tile, picture: Picture): void {
    const slot = this.#free.pop() ?? this.#emptied();
    if (slot === null) {
      picture.pieces.forEach((piece) => piece.close());
      return;
    }
    const held: Held = { tile, slot, pieces: picture.pieces, reaches: [0, 0, 0, 0] };
    this.#held.set(keyOf(tile), held);
    this.options.slots.putWhole(slot, picture.whole);
    SIDES.forEach((side, index) => {
      const opposite = SIDES.length - 1 - index;
      const neighbour = this.#held.get(
        keyOf({ level: tile.level, row: tile.row + side.down, column: tile.column + side.across }),
      );
      if (neighbour === undefined) {
        // What lies beyond a corner is not known: the tile's own corner is near enough.
        if (side.across !== 0 && side.down !== 0) this.#fill(held, side, picture.pieces[index]);
        return;
      }
      this.#fill(held, side, neighbour.pieces[opposite]);
      this.#fill(neighbour, SIDES[opposite], picture.pieces[index]);
    });
    this.options.changed();
  }

  #fill(held: Held, side: Side | undefined, piece: ImageBitmap | undefined): void {
    if (side === undefined || piece === undefined) return;
    const { width, height } = sizeOf(this.options.pyramid, held.tile);
    this.options.slots.putMargin(held.slot, side, piece, width, height);
    if (side.down === 0) held.reaches[side.across < 0 ? 0 : 2] = piece.width;
    if (side.across === 0) held.reaches[side.down < 0 ? 1 : 3] = piece.height;
  }

  /** Give up the tile not wanted the longest; null where all are wanted. */
  #emptied(): number | null {
    for (const [key, held] of this.#held) {
      if (this.#pinned.has(key)) continue;
      this.#held.delete(key);
      held.pieces.forEach((piece) => piece.close());
      return held.slot;
    }
    return null;
  }
}
