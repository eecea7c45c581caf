/** What the three views of a tomogram look at, and the pictures that they need for it. */

import { getSlices, type Slices } from "../api/client";
import { words } from "../api/errors";
import { waitFor } from "../api/waits";
import { recall, remember } from "../state/storage";
import { keptInSight, sizeFor, type Layout } from "./layout";
import { near, Pictures, type Look, type Shown } from "./pictures.svelte";
import {
  axesOf,
  clamped,
  extentOf,
  middleOf,
  PLANES,
  sliceThrough,
  stepped,
  zoomedAbout,
  type Camera,
  type Extent,
  type Plane,
  type Voxel,
} from "./planes";

export const THICKEST = 21;
/** Single slices are too noisy to see most particles. */
const USUAL_THICKNESS = 5;
/** Of a key or button that zooms. */
export const ZOOM_STEP = 1.25;
/** How far one can zoom in, CSS pixels to a voxel, and out, of what fits. */
const GREATEST_ZOOM = 40;
const LEAST_OF_FIT = 0.5;

/** Where somebody looked last, kept for the next time. */
interface Place {
  readonly at: readonly [number, number, number];
  readonly thickness: number;
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null) return false;
  const { at, thickness } = value as Partial<Place>;
  return Array.isArray(at) && at.length === 3 && at.every(Number.isFinite) && Number.isFinite(thickness);
}

export class Scene {
  slices = $state.raw<Slices | null>(null);
  /** Why there is nothing to see. */
  problem = $state<string | null>(null);
  crosshair = $state.raw<Voxel>({ x: 0, y: 0, z: 0 });
  camera = $state.raw<Camera>({ centre: { x: 0, y: 0, z: 0 }, zoom: 1 });
  thickness = $state(1);
  /** The view that the keys step through. */
  active = $state<Plane>("xy");

  readonly extent: Extent = $derived(extentOf(this.slices?.shape ?? [1, 1, 1]));
  #image: number | null = null;
  #project = "";
  #direction = 1;
  /** Whether everything is in sight, and shall be when the window changes. */
  #isFitted = true;
  #layout = $state.raw<Layout | null>(null);
  #asking = new AbortController();
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #pictures = new Pictures((error) => {
    if (this.#image !== null) this.#readAgain(this.#image, this.#asking.signal, error);
  });

  /** Show another tomogram. */
  async open(image: number, project: string): Promise<void> {
    this.close();
    this.#asking = new AbortController();
    this.#image = image;
    this.#project = project;
    this.slices = null;
    this.problem = null;
    await this.#read(image, this.#asking.signal);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking.abort();
    this.#pictures.close();
  }

  async #read(image: number, closed: AbortSignal): Promise<void> {
    try {
      const slices = await getSlices(image, closed);
      if (!closed.aborted) this.#begin(slices);
    } catch (error) {
      if (closed.aborted) return;
      // What is in sight already stays there, with its own words.
      if (this.slices === null) this.problem = words(error);
      this.#readAgain(image, closed, error);
    }
  }

  #readAgain(image: number, closed: AbortSignal, error: unknown): void {
    const wait_ms = waitFor(error);
    if (wait_ms === null || closed.aborted || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#read(image, closed);
    }, wait_ms);
  }

  #begin(slices: Slices): void {
    const isAgain = String(this.slices?.shape) === String(slices.shape);
    this.problem = null;
    this.#pictures.retry();
    this.slices = slices;
    if (isAgain) return;
    const kept = recall<Place | null>(this.#key, null, (value): value is Place => isPlace(value));
    const [x, y, z] = kept?.at ?? Object.values(middleOf(this.extent));
    this.thickness = this.#oddThickness(kept?.thickness ?? USUAL_THICKNESS);
    this.crosshair = clamped({ x: x ?? 0, y: y ?? 0, z: z ?? 0 }, this.extent);
    this.showAll();
  }

  get #key(): string {
    return `tomogram.${this.#project}.${this.#image}`;
  }

  slice(plane: Plane): number {
    return sliceThrough(plane, this.crosshair, this.extent);
  }

  /** CSS pixels to a voxel at which everything is in sight. */
  get fit(): number {
    return this.#layout?.fit ?? 1;
  }

  /** Put the crosshair somewhere; the views follow if it would leave them. */
  lookAt(voxel: Voxel): void {
    this.crosshair = clamped(voxel, this.extent);
    if (this.#layout && !this.#isFitted) {
      this.camera = keptInSight(this.camera, this.crosshair, this.#layout.sizes);
    }
    this.#remember();
  }

  /** Put the crosshair somewhere, and that into the middle of the views. */
  centreOn(voxel: Voxel): void {
    this.lookAt(voxel);
    this.setCamera({ ...this.camera, centre: this.crosshair });
  }

  step(plane: Plane, steps: number): void {
    this.#direction = Math.sign(steps) || 1;
    this.active = plane;
    this.lookAt(stepped(plane, this.crosshair, steps, this.extent));
  }

  setThickness(thickness: number): void {
    this.thickness = this.#oddThickness(thickness);
    this.#remember();
  }

  #oddThickness(thickness: number): number {
    const odd = 2 * Math.floor(thickness / 2) + 1;
    return Math.min(Math.max(odd, 1), THICKEST);
  }

  /** Zoom out until everything is in sight. */
  showAll(): void {
    const { x, y, z } = this.extent;
    const centre = { x: (x - 1) / 2, y: (y - 1) / 2, z: (z - 1) / 2 };
    this.camera = { centre, zoom: this.fit };
    this.#isFitted = true;
  }

  /** The room of the views changed, or the tomogram. */
  setLayout(layout: Layout): void {
    this.#layout = layout;
    if (this.#isFitted) this.showAll();
  }

  setCamera(camera: Camera): void {
    this.camera = camera;
    this.#isFitted = false;
  }

  zoomAbout(voxel: Voxel, factor: number): void {
    const limits = { least: this.fit * LEAST_OF_FIT, most: Math.max(GREATEST_ZOOM, this.fit) };
    this.setCamera(zoomedAbout(voxel, factor, this.camera, limits));
  }

  #remember(): void {
    const { x, y, z } = this.crosshair;
    remember(this.#key, { at: [x, y, z], thickness: this.thickness });
  }

  #look(devicePixels: number): Look | null {
    const { slices, thickness } = this;
    const image = this.#image;
    if (!slices || image === null) return null;
    return { image, slices, thickness, size: sizeFor(slices.scales, this.camera, devicePixels) };
  }

  /** Ask for what is in sight, and for what will be if somebody goes on as before. */
  fetch(devicePixels: number): void {
    const look = this.#look(devicePixels);
    if (!look) return;
    const { active } = this;
    const count = this.extent[axesOf(active).normal];
    const next = near(this.slice(active), this.#direction, count);
    this.#pictures.want(look, [
      ...PLANES.map((plane) => [plane, this.slice(plane)] as const),
      ...next.map((slice) => [active, slice] as const),
    ]);
  }

  /** The best picture of a view that is here already. */
  shown(plane: Plane, devicePixels: number): Shown | null {
    const look = this.#look(devicePixels);
    return look && this.#pictures.shown(look, plane, this.slice(plane));
  }

  /** Why the slice in sight does not come. */
  problemOf(plane: Plane, devicePixels: number): string | null {
    const look = this.#look(devicePixels);
    return look && this.#pictures.problemOf(look, plane, this.slice(plane));
  }
}
