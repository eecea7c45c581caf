/** The micrograph itself: its pyramid, its tiles, and the layer that draws them. */
import type { Layer } from "@deck.gl/core";
import type { Device } from "@luma.gl/core";
import { untrack } from "svelte";
import { getPyramid, tileUrl, words, type Pyramid } from "../api/client";
import { fetchBlob } from "../api/request";
import { waitFor } from "../api/waits";
import { deviationOfLowPass, pxOfA } from "../geometry/units";
import { shown } from "../geometry/view";
import { settings } from "../state/settings.svelte";
import type { Canvas } from "./canvas.svelte";
import { TilesLayer } from "./layers/tiles";
import { keyOf, levelFor, tilesIn, type Tile } from "./pyramid";
import { TileStore } from "./tile_store";
import { readPicture, TileTexture, type Picture as TilePicture } from "./tile_texture";

/** Enough tiles for a screen of 5120 x 2880 pixels: 45 MB for tiles of 512 pixels. */
const SLOTS = 160;

export class Picture {
  /** Whether an image is waited for of which nothing is here yet. */
  isOpening = $state(false);
  /** Why nothing is drawn, for the user; null where all is well. */
  problem = $state<string | null>(null);
  /** Whether all tiles of the view are drawn. */
  isReady = $state(false);
  /** What draws; null until it is there. */
  device = $state.raw<Device | null>(null);

  #store = $state.raw<TileStore | null>(null);
  /** Counts what came, so that what is drawn follows it. */
  #came = $state(0);
  #texture: TileTexture | null = null;
  #opening: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Of the low-pass, pixels of the stored image. */
  readonly #deviation = $derived.by(() => {
    const { lowPass_A } = settings;
    const { pixelSize_A } = this.canvas;
    if (lowPass_A === null || pixelSize_A === null) return 0;
    return deviationOfLowPass(pxOfA(lowPass_A, pixelSize_A));
  });
  readonly #level = $derived.by(() => {
    const { pyramid, view } = this.canvas;
    return pyramid ? levelFor(pyramid, view.scale * devicePixelRatio, this.#deviation) : 0;
  });

  /** Tiles of the view, and those of the coarsest level: they are there soon wherever one goes. */
  readonly #tiles = $derived.by(() => {
    const { pyramid, view, size } = this.canvas;
    if (pyramid === null) return [];
    const coarsest = pyramid.levels.length - 1;
    const part = shown(view, size);
    const first = this.#level === coarsest ? [] : tilesIn(pyramid, coarsest, part);
    return [...first, ...tilesIn(pyramid, this.#level, part)];
  });
  /** Changes only with what must be drawn, not with every move of the view. */
  readonly #wish = $derived(this.#tiles.map(keyOf).toSorted().join(" "));
  readonly #drawn = $derived.by(() => {
    void this.#wish;
    void this.#came;
    return this.#store?.drawn(this.#level, untrack(() => this.#tiles)) ?? null;
  });

  constructor(private readonly canvas: Canvas) {}

  /** Draw with a graphics device from now on, or with none. */
  use(device: Device | null): void {
    this.#store?.close();
    this.#store = null;
    this.#texture?.destroy();
    this.#texture = null;
    this.device = device;
  }

  /** Show an image. */
  open(image: number): void {
    const device = this.device;
    this.close();
    if (device === null) return;
    const opening = new AbortController();
    this.#opening = opening;
    this.isOpening = true;
    this.#read(device, image, opening.signal);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#opening?.abort();
    this.#store?.close();
    this.#store = null;
    this.canvas.pyramid = null;
    this.isOpening = false;
    this.isReady = false;
    this.problem = null;
  }

  #read(device: Device, image: number, closed: AbortSignal): void {
    getPyramid(image, closed)
      .then((pyramid) => {
        if (!closed.aborted) this.#begin(device, image, pyramid, closed);
      })
      .catch((error: unknown) => {
        if (closed.aborted) return;
        this.problem = words(error);
        this.#readAgain(device, image, closed, error);
      });
  }

  /** Read the pyramid again, where that may help; what is drawn already stays until then. */
  #readAgain(device: Device, image: number, closed: AbortSignal, error: unknown): void {
    const wait_ms = waitFor(error);
    if (wait_ms === null || closed.aborted || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#read(device, image, closed);
    }, wait_ms);
  }

  /** Ask for the tiles of the view; to be called in an effect. */
  want(): void {
    const store = this.#store;
    if (store === null || this.canvas.pyramid === null) return;
    store.want(this.#tiles);
    this.isReady = store.isComplete;
    this.problem = store.problem;
  }

  /** The layer of what is there so far; reads all that it depends on, but not the view. */
  layers(): Layer[] {
    const { pyramid } = this.canvas;
    if (this.#drawn === null || pyramid === null || this.#texture === null) return [];
    return [
      new TilesLayer({
        id: "tiles",
        tiles: this.#drawn,
        texture: this.#texture.texture,
        low: settings.low ?? pyramid.usual_low,
        high: settings.high ?? pyramid.usual_high,
        inverted: settings.inverted,
        deviation: this.#deviation,
      }),
    ];
  }

  #begin(device: Device, image: number, pyramid: Pyramid, closed: AbortSignal): void {
    this.#store?.close();
    if (this.#texture?.tile_px !== pyramid.tile_px) {
      this.#texture?.destroy();
      this.#texture = new TileTexture(device, pyramid.tile_px, SLOTS);
    }
    this.#store = new TileStore({
      pyramid,
      slots: this.#texture,
      count: SLOTS,
      read: (tile, signal) => readTile(image, tile, pyramid.version, signal),
      failed: (error) => this.#readAgain(device, image, closed, error),
      changed: () => {
        this.#came++;
        this.isOpening = false;
        this.isReady = this.#store?.isComplete ?? false;
        this.problem = this.#store?.problem ?? null;
      },
    });
    this.canvas.open(image, pyramid);
  }
}

async function readTile(
  image: number,
  { level, row, column }: Tile,
  version: string,
  signal: AbortSignal,
): Promise<TilePicture> {
  return readPicture(await fetchBlob(tileUrl(image, level, row, column, version), signal));
}
