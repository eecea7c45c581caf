/** How a sphere looks in a slice that does not go through its middle. */

import { axesOf, type Plane, type Voxel } from "./planes";

/** Opacity of a sphere that the slice just touches. */
const FAINTEST = 0.25;
/** A section smaller than this could not be seen, CSS pixels. */
const LEAST_RADIUS = 2.5;

export interface Section {
  /** In the picture, voxels. */
  readonly radius: number;
  /** 1 in the sphere's middle, less the farther away. */
  readonly opacity: number;
}

/** Distance of a sphere's middle from a slab of that many slices, voxels. */
export function distanceToSlab(
  plane: Plane,
  voxel: Voxel,
  slice: number,
  thickness: number,
): number {
  return Math.max(0, Math.abs(voxel[axesOf(plane).normal] - slice) - (thickness - 1) / 2);
}

/** What a slab `distance` voxels away cuts out of a sphere, or null where it misses it. */
export function sectionOf(radius: number, distance: number): Section | null {
  if (!(distance < radius)) return null;
  const share = distance / radius;
  return {
    radius: radius * Math.sqrt(1 - share * share),
    opacity: 1 - (1 - FAINTEST) * share,
  };
}

/** Radius to draw, CSS pixels. */
export function drawnRadius(section: Section, zoom: number): number {
  return Math.max(section.radius * zoom, LEAST_RADIUS);
}
