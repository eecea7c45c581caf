/** The pictures of the slices in sight, and of those that will be soon. */

import { sliceUrl, type Slices } from "../api/client";
import { Fetching } from "../api/fetching";
import { fetchPicture } from "./fetch_picture";
import type { Picture } from "./greys";
import type { Plane } from "./planes";

/** Slices fetched beforehand: so many in the direction of the last step, and the other way. */
const AHEAD = 6;
const BEHIND = 2;
const AT_ONCE = 4;
const ROOM_BYTES = 256 * 1024 * 1024;

/** How the slices of a tomogram are looked at. */
export interface Look {
  readonly image: number;
  readonly slices: Slices;
  readonly thickness: number;
  /** Which of the sizes suits the zoom. */
  readonly size: number;
}

/** A picture as it is to be drawn. */
export interface Shown {
  readonly picture: Picture;
  /** Voxels along one of its pixels. */
  readonly scale: number;
  /** Whether it is of the slice asked for, and not the last one that was here. */
  readonly isExact: boolean;
}

/** The slices around one, the likeliest next first. */
export function near(here: number, direction: number, count: number): number[] {
  const steps = Array.from({ length: AHEAD }, (_, index) => index + 1);
  const slices = [
    ...steps.map((step) => here + step * direction),
    ...steps.slice(0, BEHIND).map((step) => here - step * direction),
  ];
  return slices.filter((slice) => slice >= 0 && slice < count);
}

export class Pictures {
  /** Counts what arrived, so that views are drawn again. */
  #arrived = $state(0);
  readonly #last = new Map<Plane, { picture: Picture; scale: number }>();
  /** Pictures by their addresses. */
  readonly #slices = new Fetching<string, Picture>({
    keyOf: (url) => url,
    fetch: fetchPicture,
    atOnce: AT_ONCE,
    room: ROOM_BYTES,
    sizeOf: ({ grey }) => grey.byteLength,
    failed: (error) => this.failed(error),
    changed: () => {
      this.#arrived += 1;
    },
  });

  /** @param failed called with each error for which asking again for a slice would not help. */
  constructor(private readonly failed: (error: unknown) => void = () => undefined) {}

  /** Ask again for what failed. */
  retry(): void {
    this.#slices.stop();
  }

  /** Forget what is in sight, and stop fetching. */
  close(): void {
    this.#last.clear();
    this.#slices.stop();
  }

  /** Fetch slices, the first first. */
  want(look: Look, slices: readonly (readonly [Plane, number])[]): void {
    this.#slices.want(slices.map(([plane, index]) => urlOf(look, plane, index)));
  }

  /** The best picture of a slice that is here already. */
  shown(look: Look, plane: Plane, index: number): Shown | null {
    void this.#arrived;
    const sizes = look.slices.scales.map((_, size) => size);
    sizes.sort((a, b) => Math.abs(a - look.size) - Math.abs(b - look.size));
    for (const size of sizes) {
      const picture = this.#slices.get(urlOf({ ...look, size }, plane, index));
      if (!picture) continue;
      const found = { picture, scale: look.slices.scales[size] ?? 1 };
      this.#last.set(plane, found);
      return { ...found, isExact: true };
    }
    const last = this.#last.get(plane);
    return last ? { ...last, isExact: false } : null;
  }

  /** Why a slice does not come. */
  problemOf(look: Look, plane: Plane, index: number): string | null {
    void this.#arrived;
    return this.#slices.failureOf(urlOf(look, plane, index));
  }
}

function urlOf({ image, slices, thickness, size }: Look, plane: Plane, index: number): string {
  return sliceUrl(image, plane, index, thickness, size, slices.version);
}
