import { afterEach, describe, expect, it, vi } from "vitest";
import type { Pyramid } from "../api/client";
import { NUMBERS_OF_TILE } from "./layers/tiles";
import { tilesIn, type Tile } from "./pyramid";
import { TileStore } from "./tile_store";
import { MARGIN_px, pieceAt, SIDES, type Picture } from "./tile_texture";

vi.mock("./layers/tiles", () => ({ NUMBERS_OF_TILE: 12 }));

const pyramid = {
  tile_px: 512,
  levels: [
    { scale: 1, width: 1100, height: 1030 },
    { scale: 2, width: 550, height: 515 },
    { scale: 4, width: 275, height: 258 },
  ],
} as unknown as Pyramid;
const everything = { left: -1e6, top: -1e6, right: 1e6, bottom: 1e6 };

function picture(): Picture {
  const bitmap = (width = 512, height = 512): ImageBitmap =>
    ({ width, height, close: () => undefined }) as ImageBitmap;
  return {
    whole: bitmap(),
    pieces: SIDES.map((side) => {
      const piece = pieceAt(side, 512, 512);
      return bitmap(piece.width, piece.height);
    }),
  };
}

function storeOf(read: (tile: Tile, signal: AbortSignal) => Promise<Picture>, count = 40) {
  const slots = { putWhole: vi.fn(), putMargin: vi.fn() };
  const store = new TileStore({ pyramid, slots, count, read, changed: () => undefined });
  return { store, slots };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("tile store", () => {
  afterEach(() => vi.useRealTimers());

  it("reads what is wanted, once, and draws one level when it is complete", async () => {
    const read = vi.fn(() => Promise.resolve(picture()));
    const { store } = storeOf(read);
    store.want(tilesIn(pyramid, 2, everything));
    await settled();
    const tiles = tilesIn(pyramid, 0, everything);
    store.want(tiles);
    expect(store.drawn(0, tiles).length).toBe(NUMBERS_OF_TILE);
    await settled();
    store.want(tiles);
    expect(read).toHaveBeenCalledTimes(1 + 9);
    expect(store.isComplete).toBe(true);
    expect(store.drawn(0, tiles).length).toBe(9 * NUMBERS_OF_TILE);
    expect(store.drawn(0, tiles.slice(0, 2)).length).toBe(2 * NUMBERS_OF_TILE);
  });

  it("gives each tile a margin of its neighbours, so that smoothing shows no seam", async () => {
    const { store, slots } = storeOf(() => Promise.resolve(picture()));
    const tiles = tilesIn(pyramid, 0, everything);
    store.want(tiles);
    await settled();
    const numbers = store.drawn(0, tiles);
    for (let index = 0; index < 9; index++) {
      const tile = [...numbers.slice(NUMBERS_OF_TILE * index, NUMBERS_OF_TILE * (index + 1))];
      const [left = 0, top = 0, width = 0, height = 0] = tile;
      expect(tile.slice(8)).toEqual([
        left < 0 ? 0 : MARGIN_px,
        top < 0 ? 0 : MARGIN_px,
        left + width > 1099 ? 0 : MARGIN_px,
        top + height > 1029 ? 0 : MARGIN_px,
      ]);
    }
    const onTheRight = slots.putMargin.mock.calls.filter(
      ([, side]) => side.across === 1 && side.down === 0,
    );
    expect(onTheRight.length).toBe(6);
  });

  it("gives up what is no longer wanted", async () => {
    const signals: AbortSignal[] = [];
    const { store } = storeOf((_, signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    store.want(tilesIn(pyramid, 0, everything));
    expect(signals.length).toBe(6);
    store.want([]);
    expect(signals.every((signal) => signal.aborted)).toBe(true);
    await settled();
  });

  it("reuses the slots of tiles not wanted the longest", async () => {
    const { store, slots } = storeOf(() => Promise.resolve(picture()), 4);
    store.want(tilesIn(pyramid, 1, everything));
    await settled();
    store.want(tilesIn(pyramid, 0, everything).slice(0, 2));
    await settled();
    expect(store.isComplete).toBe(true);
    // Of more tiles than there is room for, the first are drawn.
    store.want(tilesIn(pyramid, 0, everything));
    await settled();
    expect(store.drawn(0, tilesIn(pyramid, 0, everything)).length).toBe(4 * NUMBERS_OF_TILE);
    const used = slots.putWhole.mock.calls.map(([slot]) => slot as number);
    expect(new Set(used)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("asks again later when the server is busy", async () => {
    vi.useFakeTimers();
    const read = vi.fn(() => Promise.resolve(picture()));
    read.mockRejectedValueOnce(new Error("busy"));
    const { store } = storeOf(read);
    store.want(tilesIn(pyramid, 2, everything));
    await vi.advanceTimersByTimeAsync(100);
    expect(store.problem).toBe("busy");
    expect(store.isComplete).toBe(false);
    await vi.advanceTimersByTimeAsync(600);
    expect(store.isComplete).toBe(true);
    expect(store.problem).toBeNull();
  });

  it("lets go of the pictures, of those too that come too late", async () => {
    const bitmaps: { close: () => void }[] = [];
    const answers: ((picture: Picture) => void)[] = [];
    const made = (): Picture => {
      const one = picture();
      for (const bitmap of [one.whole, ...one.pieces]) {
        vi.spyOn(bitmap, "close");
        bitmaps.push(bitmap);
      }
      return one;
    };
    const { store } = storeOf(() => new Promise((resolve) => answers.push(resolve)));
    store.want(tilesIn(pyramid, 1, everything));
    answers[0]?.(made());
    await settled();
    store.close();
    answers[1]?.(made());
    await settled();
    expect(bitmaps).toHaveLength(18);
    for (const bitmap of bitmaps) expect(bitmap.close).toHaveBeenCalled();
  });
});
