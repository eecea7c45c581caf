/** Tools that draw with a brush or a lasso. */
import { contains, boundsOf, clipped } from "../../geometry/polygon";
import { isUnder, outlineOfStroke } from "../../geometry/brush";
import type { Place } from "../../geometry/view";
import { PanTool, type Ground, type Host, type Pointer } from "./tool";

/** The server takes regions of at most this many corners. */
export const MOST_CORNERS = 2_000;

abstract class StrokeTool<G extends Ground = Host> extends PanTool<G> {
  protected path: Place[] = [];

  override grab(pointer: Pointer): boolean {
    this.path = [pointer.place];
    this.show();
    return true;
  }

  override drag({ place }: Pointer): void {
    const last = this.path[this.path.length - 1];
    // Many points on one spot say nothing more.
    const step = this.host.tolerance / 3;
    if (last && Math.hypot(place.x - last.x, place.y - last.y) < step) return;
    this.path.push(place);
    this.show();
  }

  override drop(pointer: Pointer): void {
    this.drag(pointer);
    const { path } = this;
    this.cancel();
    this.done(path);
  }

  override click(pointer: Pointer): void {
    this.done([pointer.place]);
  }

  override doubleClick(): boolean {
    return true;
  }

  override cancel(): void {
    this.path = [];
    this.host.draft = null;
  }

  protected abstract show(): void;
  protected abstract done(path: readonly Place[]): void;
}

/** Removes the labels under it, and regions where it is clicked on nothing else. */
export class EraseTool extends StrokeTool {
  override click({ place }: Pointer): void {
    const found = labelsUnder(this.host, [place]);
    if (found.length > 0) {
      this.host.labels.removePoints(found);
      return;
    }
    const regions = this.host.labels.regions.filter((region) =>
      contains(
        region.outline.map(([x = 0, y = 0]) => ({ x, y })),
        place,
      ),
    );
    const last = regions[regions.length - 1];
    if (last !== undefined) this.host.labels.removeRegions([last.id]);
  }

  protected show(): void {
    const { brushRadius } = this.host;
    this.host.draft = {
      shape: "brush",
      places: [...this.path],
      radius: brushRadius,
      erases: true,
    };
  }

  protected done(path: readonly Place[]): void {
    this.host.labels.removePoints(labelsUnder(this.host, path));
  }
}

/** Paints carbon and ice. */
export class ExcludeTool extends StrokeTool<Ground> {
  protected show(): void {
    const { brushRadius } = this.host;
    this.host.draft = {
      shape: "brush",
      places: [...this.path],
      radius: brushRadius,
      erases: false,
    };
  }

  protected done(path: readonly Place[]): void {
    const outline = outlineOfStroke(path, this.host.brushRadius, MOST_CORNERS);
    addRegion(this.host, "exclude", outline);
  }
}

/** Selects labels and candidates. */
export class LassoTool extends StrokeTool {
  override grab(pointer: Pointer): boolean {
    this.host.selection = null;
    return super.grab(pointer);
  }

  override click(): void {
    this.host.selection = null;
  }

  override cancel(): void {
    super.cancel();
    this.host.selection = null;
  }

  protected show(): void {
    this.host.draft = { shape: "path", places: [...this.path] };
  }

  protected done(path: readonly Place[]): void {
    if (path.length < 3) return;
    const bounds = boundsOf(path);
    const points = this.host.labelsIn(bounds).filter((point) => contains(path, point));
    const candidates = this.host.candidatesIn(bounds).filter((place) => contains(path, place));
    if (points.length + candidates.length > 0) this.host.selection = { points, candidates };
  }
}

/** Add a region, as far as it lies on the image. */
export function addRegion(
  host: Ground,
  kind: "exclude" | "complete",
  outline: readonly Place[],
): void {
  const corners = clipped(outline, host.borders).slice(0, MOST_CORNERS);
  if (corners.length < 3) return;
  host.labels.addRegion({ kind, outline: corners.map(({ x, y }) => [x, y]) });
}

function labelsUnder(host: Host, path: readonly Place[]): string[] {
  const radius = host.brushRadius;
  const { left, top, right, bottom } = boundsOf(path);
  const around = {
    left: left - radius,
    top: top - radius,
    right: right + radius,
    bottom: bottom + radius,
  };
  return host
    .labelsIn(around)
    .filter((point) => isUnder(path, radius, point))
    .map((point) => point.id);
}
