/** How the three views share the room that the window leaves them. */

import type { Camera, Extent, Plane, Size, Voxel } from "./planes";

/** A depth drawn smaller than this could not be aimed at. */
const LEAST_DEPTH = 90;
/** Thick volumes do not take more of the room than this from the view of the slices. */
const GREATEST_SHARE = 0.38;

export interface Layout {
  readonly sizes: Readonly<Record<Plane, Size>>;
  /** CSS pixels to a voxel at which everything is in sight. */
  readonly fit: number;
}

/** True proportions where the volume allows: all views have one scale at any rate. */
export function layoutOf(extent: Extent, room: Size, gap: number): Layout {
  const width = Math.max(room.width - gap, 2 * LEAST_DEPTH);
  const height = Math.max(room.height - gap, 2 * LEAST_DEPTH);
  const scale = Math.min(width / (extent.x + extent.z), height / (extent.y + extent.z));
  const most = GREATEST_SHARE * Math.min(width, height);
  const depth = Math.round(Math.min(Math.max(extent.z * scale, LEAST_DEPTH), most));
  const across = width - depth;
  const along = height - depth;
  const fit = Math.min(across / extent.x, along / extent.y, depth / extent.z);
  const sizes = {
    xy: { width: across, height: along },
    xz: { width: across, height: depth },
    yz: { width: depth, height: along },
  };
  return { sizes, fit: Math.max(fit, Number.EPSILON) };
}

/** The camera, moved no further than that a voxel is well within all three views. */
export function keptInSight(camera: Camera, voxel: Voxel, sizes: Layout["sizes"]): Camera {
  const within = (axis: keyof Voxel, pixels: number) => {
    const reach = (0.45 * pixels) / camera.zoom;
    return Math.min(Math.max(camera.centre[axis], voxel[axis] - reach), voxel[axis] + reach);
  };
  const centre = {
    x: within("x", sizes.xy.width),
    y: within("y", sizes.xy.height),
    z: within("z", sizes.xz.height),
  };
  return { ...camera, centre };
}

/** The largest size of slices that loses nothing on the screen; 0 is the finest. */
export function sizeFor(scales: readonly number[], camera: Camera, devicePixels: number): number {
  const wanted = 1 / (camera.zoom * devicePixels);
  let size = 0;
  scales.forEach((scale, index) => {
    if (scale <= Math.max(wanted, 1)) size = index;
  });
  return size;
}
