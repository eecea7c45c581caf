/** Draw regions, and what is being drawn of one. */

import type { Region } from "../api/schema";
import type { Draft } from "../canvas/tools/tool";
import type { Pens, Sheet } from "./draw";
import { toScreen, type Voxel } from "./planes";
import { sectionsOf } from "./region_sections";

/** What a slice cuts out of the regions. */
export function drawRegions(
  sheet: Sheet,
  regions: readonly Region[],
  slice: number,
  pens: Pens,
): void {
  const { context, plane } = sheet;
  context.save();
  context.lineWidth = pens.lineWidth;
  for (const region of regions) {
    const path = new Path2D();
    for (const corners of sectionsOf(region, plane, slice)) {
      path.addPath(pathThrough(sheet, corners, true));
    }
    const colour = pens.colour(region.kind === "exclude" ? "purple" : "yellow");
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.globalAlpha = 0.9;
    context.stroke(path);
    context.globalAlpha = region.kind === "exclude" ? 0.25 : 0.07;
    context.fill(path);
  }
  context.restore();
}

function pathThrough(sheet: Sheet, voxels: readonly Voxel[], isClosed: boolean): Path2D {
  const path = new Path2D();
  for (const voxel of voxels) {
    const { left, top } = toScreen(sheet.plane, voxel, sheet.camera, sheet.size);
    path.lineTo(left, top);
  }
  if (isClosed) path.closePath();
  return path;
}

/** What is being drawn, in the view from above. */
export function drawDraft(sheet: Sheet, draft: Draft, pens: Pens): void {
  const { context, camera } = sheet;
  const voxels = draft.places.map(({ x, y }) => ({ x, y, z: 0 }));
  const path = pathThrough(sheet, voxels, draft.shape === "rectangle");
  context.save();
  context.lineWidth = 2;
  context.strokeStyle = pens.colour("yellow");
  if (draft.shape === "brush") {
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = 2 * draft.radius * camera.zoom;
    context.strokeStyle = pens.colour("purple");
    context.globalAlpha = 0.45;
  }
  context.stroke(path);
  context.restore();
}

/** The brush under the pointer. */
export function drawBrush(sheet: Sheet, voxel: Voxel, radius: number): void {
  const { context, plane, camera, size } = sheet;
  const { left, top } = toScreen(plane, voxel, camera, size);
  context.save();
  for (const [style, width] of [["rgb(0 0 0 / 60%)", 3], ["#ffffff", 1.5]] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    context.arc(left, top, radius * camera.zoom, 0, 2 * Math.PI);
    context.stroke();
  }
  context.restore();
}
