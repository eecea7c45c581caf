/** One click a correction: mark, confirm, refuse, move. */
import type { Point } from "../../api/client";
import { PanTool, type Pointer } from "./tool";

export class PointTool extends PanTool {
  override grab(pointer: Pointer): boolean {
    const target = this.host.targetAt(pointer.place);
    if (target?.what !== "label") return false;
    this.host.moving = target.point;
    return true;
  }

  override drag({ place }: Pointer): void {
    const { moving } = this.host;
    if (moving !== null) this.host.moving = { ...moving, x: place.x, y: place.y };
  }

  override drop(pointer: Pointer): void {
    this.drag(pointer);
    const { moving } = this.host;
    this.host.moving = null;
    // Dropped beside the image it goes back to where it was.
    if (moving === null || !isWithin(moving, this.host.borders)) return;
    this.host.labels.changePoints([moving]);
  }

  override click({ place, shift, alt }: Pointer): void {
    const { host } = this;
    const target = host.targetAt(place);
    if (shift) {
      if (target?.what === "label") host.labels.removePoints([target.point.id]);
      return;
    }
    const kind: Point["kind"] = alt ? opposite(host.kind) : host.kind;
    const class_name = host.classFor(kind);
    if (target?.what === "label") {
      const { point } = target;
      // A label of another kind is corrected; the same once more changes nothing.
      if (point.kind === kind && point.class_name === class_name) return;
      host.labels.changePoints([{ ...point, kind, class_name }]);
      return;
    }
    const where = target?.place ?? place;
    if (!isWithin(where, host.borders)) return;
    host.labels.addPoints([{ kind, class_name, x: where.x, y: where.y }]);
  }

  override doubleClick(): boolean {
    return true;
  }

  override cancel(): void {
    this.host.moving = null;
  }
}

function opposite(kind: Point["kind"]): Point["kind"] {
  return kind === "particle" ? "not_particle" : "particle";
}

function isWithin(
  place: { x: number; y: number },
  borders: { left: number; top: number; right: number; bottom: number },
): boolean {
  return (
    place.x >= borders.left &&
    place.x <= borders.right &&
    place.y >= borders.top &&
    place.y <= borders.bottom
  );
}
