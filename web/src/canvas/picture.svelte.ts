/** The micrograph itself: its pyramid, its tiles, and the layer that draws them. */
import type { Layer } from "@deck.gl/core";
import type { Device } from "@luma.gl/core";
import { getPyramid, tileUrl, words, type Pyramid } from "../api/client";
import { ApiError } from "../api/errors";
import { deviationOfLowPass, pxOfA } from "../geometry/units";
import { shown } from "../geometry/view";
import { settings } from "../state/settings.svelte";
import type { Canvas } from "./canvas.svelte";
import { TilesLayer } from "./layers/tiles";
import { levelFor, tilesIn, type Tile } from "./pyramid";
import { TileStore } from "./tile_store";
import { readPicture, TileTexture, type Picture as TilePicture } from "./tile_texture";

/** Enough tiles for a screen of 5120 x 2880 pixels: 45 MB for tiles of 512 pixels. */
const SLOTS = 160;
const RETRY_MS = 2_000;

export class Picture {
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
    getPyramid(image, opening.signal)
      .then((pyramid) => {
        if (!opening.signal.aborted) this.#begin(device, image, pyramid);
      })
      .catch((error: unknown) => {
        if (opening.signal.aborted) return;
        this.problem = words(error);
        if (error instanceof ApiError && error.isTemporary) {
          this.#timer = setTimeout(() => this.open(image), RETRY_MS);
        }
      });
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#opening?.abort();
    this.#store?.close();
    this.#store = null;
    this.canvas.pyramid = null;
    this.isReady = false;
    this.problem = null;
  }

  /** Ask for the tiles of the view; to be called in an effect. */
  want(): void {
    const { pyramid, view, size } = this.canvas;
    if (pyramid === null) return;
    const coarsest = pyramid.levels.length - 1;
    const part = shown(view, size);
    const tiles = tilesIn(pyramid, this.#level, part);
    // The coarsest level first: something is there at once wherever the user goes.
    const first = this.#level === coarsest ? [] : tilesIn(pyramid, coarsest, part);
    this.#store?.want([...first, ...tiles]);
    this.isReady = this.#store?.isComplete ?? false;
  }

  /** The layer of what is there so far; reads all that it depends on. */
  layers(): Layer[] {
    const store = this.#store;
    const { pyramid } = this.canvas;
    if (store === null || pyramid === null || this.#texture === null || this.#came < 0) return [];
    return [
      new TilesLayer({
        id: "tiles",
        tiles: store.drawn(this.#level),
        texture: this.#texture.texture,
        low: settings.low ?? pyramid.usual_low,
        high: settings.high ?? pyramid.usual_high,
        inverted: settings.inverted,
        deviation: this.#deviation,
      }),
    ];
  }

  #begin(device: Device, image: number, pyramid: Pyramid): void {
    if (this.#texture?.tile_px !== pyramid.tile_px) {
      this.#texture?.destroy();
      this.#texture = new TileTexture(device, pyramid.tile_px, SLOTS);
    }
    this.#store = new TileStore({
      pyramid,
      slots: this.#texture,
      count: SLOTS,
      read: (tile, signal) => readTile(image, tile, pyramid.version, signal),
      changed: () => {
        this.#came++;
        this.isReady = this.#store?.isComplete ?? false;
      },
      failed: (error) => (this.problem = error === null ? null : words(error)),
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
  const answer = await fetch(tileUrl(image, level, row, column, version), { signal });
  if (!answer.ok) {
    const body = (await answer.json().catch(() => null)) as { message?: string } | null;
    throw new ApiError(answer.status, body?.message ?? "A part of the picture could not be read.");
  }
  return readPicture(await answer.blob());
}
