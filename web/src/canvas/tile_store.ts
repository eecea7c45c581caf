/** Which tiles are on the graphics card, and which are on their way. */
import type { Pyramid } from "../api/client";
import { Fetching } from "../api/fetching";
import { keyOf, placeOf, sizeOf, type Tile } from "./pyramid";
import { SIDES, type Picture, type Side } from "./tile_texture";
import { NUMBERS_OF_TILE } from "./layers/tiles";

const MOST_REQUESTS = 6;

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
  /** Called with each error for which asking again for the tile would not help. */
  failed?: (error: unknown) => void;
  /** Called when what can be drawn changed, or why something cannot. */
  changed: () => void;
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
  readonly #free: number[];
  readonly #tiles: Fetching<Tile, Picture>;

  constructor(private readonly options: TileStoreOptions) {
    this.#free = Array.from({ length: options.count }, (_, slot) => options.count - 1 - slot);
    this.#tiles = new Fetching({
      keyOf,
      fetch: options.read,
      atOnce: MOST_REQUESTS,
      room: options.count,
      came: (tile, picture) => this.#take(tile, picture),
      released: (key, picture) => this.#release(key, picture),
      failed: options.failed,
      changed: options.changed,
    });
  }

  /** Whether all that is wanted can be drawn. */
  get isComplete(): boolean {
    return this.#tiles.isComplete;
  }

  /** Why a tile could not be read; null where all is well. */
  get problem(): string | null {
    return this.#tiles.problem;
  }

  /** Ask for tiles, the most important first; others on their way are given up. */
  want(tiles: readonly Tile[]): void {
    this.#tiles.want(tiles.slice(0, this.options.count));
  }

  /**
   * The numbers that `TilesLayer` draws: from the coarsest level to one level and its tiles.
   *
   * @param wanted tiles of the view; once all are here, only those of the level are drawn.
   */
  drawn(level: number, wanted: readonly Tile[]): Float32Array {
    const keys = new Set(wanted.slice(0, this.options.count).map(keyOf));
    const isComplete = [...keys].every((key) => this.#held.has(key));
    const shown = [...this.#held.values()].filter(({ tile }) =>
      isComplete ? tile.level === level && keys.has(keyOf(tile)) : tile.level >= level,
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
    this.#tiles.clear();
  }

  #take(tile: Tile, picture: Picture): void {
    const slot = this.#free.pop();
    // There are as many slots as `Fetching` keeps pictures.
    if (slot === undefined) throw new Error("No slot is free for a tile that is kept.");
    const held: Held = { tile, slot, pieces: picture.pieces, reaches: [0, 0, 0, 0] };
    this.#held.set(keyOf(tile), held);
    this.options.slots.putWhole(slot, picture.whole);
    picture.whole.close();
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
  }

  #fill(held: Held, side: Side | undefined, piece: ImageBitmap | undefined): void {
    if (side === undefined || piece === undefined) return;
    const { width, height } = sizeOf(this.options.pyramid, held.tile);
    this.options.slots.putMargin(held.slot, side, piece, width, height);
    if (side.down === 0) held.reaches[side.across < 0 ? 0 : 2] = piece.width;
    if (side.across === 0) held.reaches[side.down < 0 ? 1 : 3] = piece.height;
  }

  #release(key: string, { whole, pieces }: Picture): void {
    whole.close();
    pieces.forEach((piece) => piece.close());
    const held = this.#held.get(key);
    // A picture that came too late was never held; another of its tile may be.
    if (held?.pieces !== pieces) return;
    this.#held.delete(key);
    this.#free.push(held.slot);
  }
}
