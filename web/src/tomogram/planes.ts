/** The three views of a tomogram: where a voxel is drawn, and which voxel is under the pointer.
 *
 * A voxel's coordinate is 0 at the centre of the first one, as everywhere in the program. On the
 * screen z runs down in the view below and to the right in the view at the right, so that each
 * view shares an axis with its neighbour: what is drawn in one line is one place.
 */

export type Axis = "x" | "y" | "z";
export type Plane = "xy" | "xz" | "yz";

export const PLANES: readonly Plane[] = ["xy", "xz", "yz"];

export interface Voxel {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Number of voxels along each axis. */
export type Extent = Voxel;

/** Size of a view on the screen, CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Position {
  readonly left: number;
  readonly top: number;
}

/** What all three views show: the voxel in their middles, and CSS pixels to a voxel. */
export interface Camera {
  readonly centre: Voxel;
  readonly zoom: number;
}

interface Axes {
  readonly right: Axis;
  readonly down: Axis;
  readonly normal: Axis;
}

const AXES: Readonly<Record<Plane, Axes>> = {
  xy: { right: "x", down: "y", normal: "z" },
  xz: { right: "x", down: "z", normal: "y" },
  yz: { right: "z", down: "y", normal: "x" },
};

/** Which axes of the tomogram run to the right, down and into the screen. */
export function axesOf(plane: Plane): Axes {
  return AXES[plane];
}

/** The server's slices run along the plane's first letter; ours of yz lies on its side. */
export function isTransposed(plane: Plane): boolean {
  return AXES[plane].right !== plane[0];
}

/** A shape as the server gives it, slowest axis first. */
export function extentOf(shape: readonly number[]): Extent {
  const [z = 1, y = 1, x = 1] = shape;
  return { x, y, z };
}

export function toScreen(plane: Plane, voxel: Voxel, camera: Camera, size: Size): Position {
  const { right, down } = AXES[plane];
  return {
    left: (voxel[right] - camera.centre[right]) * camera.zoom + size.width / 2,
    top: (voxel[down] - camera.centre[down]) * camera.zoom + size.height / 2,
  };
}

/** The voxel under a place of a view that shows the slice `depth`; may lie outside. */
export function toVoxel(
  plane: Plane,
  place: Position,
  depth: number,
  camera: Camera,
  size: Size,
): Voxel {
  const { right, down, normal } = AXES[plane];
  const voxel = { x: 0, y: 0, z: 0 };
  voxel[right] = (place.left - size.width / 2) / camera.zoom + camera.centre[right];
  voxel[down] = (place.top - size.height / 2) / camera.zoom + camera.centre[down];
  voxel[normal] = depth;
  return voxel;
}

/** Whether a place is within the volume, whose voxels reach half a voxel around their centres. */
export function isInside(voxel: Voxel, extent: Extent): boolean {
  const within = (axis: Axis) => voxel[axis] >= -0.5 && voxel[axis] <= extent[axis] - 0.5;
  return within("x") && within("y") && within("z");
}

/** The nearest place between the centres of the first and the last voxels. */
export function clamped(voxel: Voxel, extent: Extent): Voxel {
  const within = (axis: Axis) => Math.min(Math.max(voxel[axis], 0), extent[axis] - 1);
  return { x: within("x"), y: within("y"), z: within("z") };
}

/** The slice of a plane that goes through a voxel. */
export function sliceThrough(plane: Plane, voxel: Voxel, extent: Extent): number {
  const { normal } = AXES[plane];
  return Math.round(Math.min(Math.max(voxel[normal], 0), extent[normal] - 1));
}

export function middleOf(extent: Extent): Voxel {
  return {
    x: Math.floor(extent.x / 2),
    y: Math.floor(extent.y / 2),
    z: Math.floor(extent.z / 2),
  };
}

/** The same voxel, `steps` slices on. */
export function stepped(plane: Plane, voxel: Voxel, steps: number, extent: Extent): Voxel {
  const { normal } = AXES[plane];
  return clamped({ ...voxel, [normal]: Math.round(voxel[normal]) + steps }, extent);
}

/** A camera with another zoom that keeps a voxel where it is in all three views. */
export function zoomedAbout(
  voxel: Voxel,
  factor: number,
  camera: Camera,
  limits: { readonly least: number; readonly most: number },
): Camera {
  const zoom = Math.min(Math.max(camera.zoom * factor, limits.least), limits.most);
  const ratio = camera.zoom / zoom;
  const moved = (axis: Axis) => voxel[axis] + (camera.centre[axis] - voxel[axis]) * ratio;
  return { zoom, centre: { x: moved("x"), y: moved("y"), z: moved("z") } };
}

/** A camera moved as if the picture were pulled by that many CSS pixels. */
export function panned(plane: Plane, by: Position, camera: Camera, extent: Extent): Camera {
  const { right, down } = AXES[plane];
  const centre = {
    ...camera.centre,
    [right]: camera.centre[right] - by.left / camera.zoom,
    [down]: camera.centre[down] - by.top / camera.zoom,
  };
  return { ...camera, centre: clamped(centre, extent) };
}
