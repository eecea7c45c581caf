/** Drawing regions in a tomogram: from above, with the tools of micrographs, through a depth. */

import { CompleteTool, OutlineTool } from "../canvas/tools/shapes";
import { ExcludeTool } from "../canvas/tools/stroke";
import type { Draft, Ground, Pointer, Tool } from "../canvas/tools/tool";
import { pxOfA } from "../geometry/units";
import type { Rectangle } from "../geometry/view";
import { labels, type NewRegion } from "../state/labels.svelte";
import { session } from "../state/project.svelte";
import { settings, type Tool as Name } from "../state/settings.svelte";
import type { Voxel } from "./planes";
import type { Scene } from "./scene.svelte";

/** How near a click must be, CSS pixels. */
const NEAR_px = 9;
/** The brush, where nobody said how large a particle is. */
const BRUSH_OF_TOMOGRAM = 1 / 20;

const TOOLS: Partial<Record<Name, new (ground: Ground) => Tool>> = {
  exclude: ExcludeTool,
  outline: OutlineTool,
  complete: CompleteTool,
};

/** From which slice to which, both counted from 0 and both in. */
export interface Depth {
  readonly first: number;
  readonly last: number;
}

/** The tools draw here; everything is seen from above. */
export class RegionWork implements Ground {
  draft = $state.raw<Draft | null>(null);
  /** Where the pointer is. */
  hovered = $state.raw<Voxel | null>(null);
  #depth = $state.raw<Depth | null>(null);
  #isDragging = false;
  /** The tool in force, if it draws regions. */
  readonly tool = $derived.by(() => {
    const Tool = TOOLS[settings.tool];
    return Tool ? new Tool(this) : null;
  });

  constructor(private readonly scene: Scene) {}

  /** What new regions reach through. */
  get depth(): Depth {
    return this.#depth ?? this.#whole;
  }

  /** Let new regions reach through so many slices; null for all. */
  setDepth(depth: Depth | null): void {
    if (depth === null) {
      this.#depth = null;
      return;
    }
    const within = (slice: number) => Math.min(Math.max(Math.round(slice), 0), this.#whole.last);
    const [first, last] = [within(depth.first), within(depth.last)];
    this.#depth = { first: Math.min(first, last), last: Math.max(first, last) };
  }

  get isWhole(): boolean {
    const { first, last } = this.depth;
    return first === 0 && last === this.#whole.last;
  }

  get #whole(): Depth {
    return { first: 0, last: this.scene.extent.z - 1 };
  }

  /** Move the pointer over the view from above; null where it leaves it. */
  hover(voxel: Voxel | null): void {
    this.hovered = voxel;
    if (voxel) this.tool?.hover(placed(voxel));
  }

  click(voxel: Voxel): void {
    this.tool?.click(placed(voxel));
  }

  doubleClick(): void {
    if (this.hovered) this.tool?.doubleClick(placed(this.hovered));
  }

  drag(from: Voxel, to: Voxel): void {
    if (!this.#isDragging) this.#isDragging = this.tool?.grab(placed(from)) ?? false;
    if (this.#isDragging) this.tool?.drag(placed(to));
    this.hovered = to;
  }

  drop(to: Voxel): void {
    if (this.#isDragging) this.tool?.drop(placed(to));
    this.#isDragging = false;
  }

  /** Close what was begun, or set a corner or a dab at a place. */
  enter(voxel: Voxel): void {
    if (this.draft) this.tool?.finish();
    else this.click(voxel);
  }

  cancel(): void {
    this.tool?.cancel();
    this.#isDragging = false;
    this.draft = null;
  }

  readonly labels = {
    // Slices reach half a voxel around their middles.
    addRegion: (region: NewRegion): string | null => {
      const { first, last } = this.depth;
      return labels.addRegion({ ...region, z_low: first - 0.5, z_high: last + 0.5 });
    },
  };

  get pixelSize_A(): number | null {
    return session.current?.pixel_size_A ?? null;
  }

  get brushRadius(): number {
    const diameter_A = settings.brush_A ?? session.diameter_A(undefined);
    if (diameter_A !== null) return pxOfA(diameter_A, this.pixelSize_A) / 2;
    return this.scene.extent.x * BRUSH_OF_TOMOGRAM;
  }

  get tolerance(): number {
    return NEAR_px / this.scene.camera.zoom;
  }

  get borders(): Rectangle {
    const { x, y } = this.scene.extent;
    return { left: -0.5, top: -0.5, right: x - 0.5, bottom: y - 0.5 };
  }
}

function placed({ x, y }: Voxel): Pointer {
  return { place: { x, y }, shift: false, alt: false };
}
