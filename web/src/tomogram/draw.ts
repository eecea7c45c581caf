/** Draw a view: its picture on one canvas, what lies on it on another. */

import { LEFT_OUT, REJECTED, TO_REVIEW } from "../review/candidates";
import type { ColourName } from "./colours";
import { paint, type Picture } from "./greys";
import type { Mark } from "./marks";
import {
  isTransposed,
  toScreen,
  type Camera,
  type Extent,
  type Plane,
  type Size,
  type Voxel,
} from "./planes";
import { drawnRadius } from "./sections";

/** Where a view draws and what it looks at. */
export interface Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly plane: Plane;
  readonly camera: Camera;
  readonly size: Size;
  readonly devicePixels: number;
}

/** Make a canvas as fine as the screen, empty, measured in CSS pixels. */
export function cleared(
  canvas: HTMLCanvasElement,
  plane: Plane,
  camera: Camera,
  size: Size,
  devicePixels: number,
): Sheet | null {
  const width = Math.max(1, Math.round(size.width * devicePixels));
  const height = Math.max(1, Math.round(size.height * devicePixels));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(devicePixels, 0, 0, devicePixels, 0, 0);
  return { context, plane, camera, size, devicePixels };
}

/** The picture with its greys exchanged, as something that can be drawn at any size. */
export function exposed(picture: Picture, table: Uint8Array): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const pixels = new ImageData(picture.width, picture.height);
  paint(picture, table, pixels.data);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/** Draw a slice whose pixels are `scale` voxels wide. */
export function drawPicture(sheet: Sheet, picture: HTMLCanvasElement, scale: number): void {
  const { context, plane, camera, size, devicePixels } = sheet;
  const corner = toScreen(plane, { x: -0.5, y: -0.5, z: -0.5 }, camera, size);
  const step = scale * camera.zoom * devicePixels;
  const left = corner.left * devicePixels;
  const top = corner.top * devicePixels;
  context.save();
  if (isTransposed(plane)) context.setTransform(0, step, step, 0, left, top);
  else context.setTransform(step, 0, 0, step, left, top);
  context.drawImage(picture, 0, 0);
  context.restore();
}

export function drawCrosshair(sheet: Sheet, crosshair: Voxel, extent: Extent): void {
  const { context, plane, camera, size } = sheet;
  const { left, top } = toScreen(plane, crosshair, camera, size);
  const start = toScreen(plane, { x: -0.5, y: -0.5, z: -0.5 }, camera, size);
  const last = { x: extent.x - 0.5, y: extent.y - 0.5, z: extent.z - 0.5 };
  const end = toScreen(plane, last, camera, size);
  // Open in the middle, so that it does not hide what it points at.
  const gap = 9;
  const lines: [number, number, number, number][] = [
    [start.left, top, left - gap, top],
    [left + gap, top, end.left, top],
    [left, start.top, left, top - gap],
    [left, top + gap, left, end.top],
  ];
  context.save();
  context.lineWidth = 1;
  context.globalAlpha = 0.55;
  context.strokeStyle = "#ffffff";
  context.shadowColor = "#000000";
  context.shadowBlur = 2;
  context.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    if (x2 < x1 || y2 < y1) continue;
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.stroke();
  context.restore();
}

export interface Pens {
  readonly colourOf: (mark: Mark) => string;
  readonly colour: (name: ColourName) => string;
  /** Of a candidate's circle, CSS pixels. */
  readonly lineWidth: number;
}

/** How much smaller and fainter what was rejected is drawn. */
const OF_REJECTED = 0.5;
/** Radius of the dot in what is to be reviewed, CSS pixels. */
const DOT = 2.5;

/** Candidates thin, with a dot where they are to be reviewed and small and crossed where rejected,
 * those of the set beside dashed, labels thick and filled, refusals crossed. */
export function drawMarks(sheet: Sheet, marks: readonly Mark[], pens: Pens): void {
  const { context, plane, camera, size } = sheet;
  context.save();
  for (const mark of marks) {
    const { left, top } = toScreen(plane, mark.voxel, camera, size);
    const isRejected = mark.verdict === REJECTED;
    const share = isRejected ? OF_REJECTED : 1;
    const radius = share * drawnRadius(mark, camera.zoom);
    if (left < -radius || left > size.width + radius) continue;
    if (top < -radius || top > size.height + radius) continue;
    const colour = pens.colourOf(mark);
    const path = new Path2D();
    path.arc(left, top, radius, 0, 2 * Math.PI);
    if (mark.kind === "not_particle" || isRejected) cross(path, left, top, Math.min(radius * 0.7, 9));
    context.setLineDash(mark.kind === "beside" ? [4, 3] : []);
    if (mark.verdict === TO_REVIEW || mark.verdict === LEFT_OUT) {
      path.moveTo(left + DOT, top);
      path.arc(left, top, DOT, 0, 2 * Math.PI);
    }
    context.globalAlpha = share * mark.opacity;
    const width = mark.kind === "particle" ? pens.lineWidth * 1.7 : pens.lineWidth;
    // A dark rim keeps light colours visible on a light specimen.
    context.strokeStyle = "rgb(0 0 0 / 60%)";
    context.lineWidth = width + 1.5;
    context.stroke(path);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke(path);
    if (mark.kind === "particle") {
      context.fillStyle = colour;
      context.globalAlpha = mark.opacity * 0.22;
      context.fill(path);
    }
  }
  context.restore();
}

function cross(path: Path2D, left: number, top: number, arm: number): void {
  path.moveTo(left - arm, top - arm);
  path.lineTo(left + arm, top + arm);
  path.moveTo(left - arm, top + arm);
  path.lineTo(left + arm, top - arm);
}

/** The line of the tool that measures. */
export function drawLine(sheet: Sheet, from: Voxel, to: Voxel, colour: string): void {
  const { context, plane, camera, size } = sheet;
  const start = toScreen(plane, from, camera, size);
  const end = toScreen(plane, to, camera, size);
  context.save();
  for (const [style, width] of [["rgb(0 0 0 / 60%)", 4], [colour, 2]] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(start.left, start.top);
    context.lineTo(end.left, end.top);
    context.stroke();
  }
  context.restore();
}
