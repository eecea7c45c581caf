/** Tools that draw a rectangle, a polygon or a line. */
import { areaOf, rectangleBetween } from "../../geometry/polygon";
import type { Place } from "../../geometry/view";
import { addRegion, MOST_CORNERS } from "./stroke";
import { PanTool, type Ground, type Pointer } from "./tool";

/** *This rectangle is completely labelled.* */
export class CompleteTool extends PanTool<Ground> {
  #start: Place | null = null;

  override grab({ place }: Pointer): boolean {
    this.#start = place;
    return true;
  }

  override drag({ place }: Pointer): void {
    if (this.#start === null) return;
    this.host.draft = { shape: "rectangle", places: rectangleBetween(this.#start, place) };
  }

  override drop(pointer: Pointer): void {
    this.drag(pointer);
    const outline = this.host.draft?.places ?? [];
    this.cancel();
    if (areaOf(outline) > this.host.tolerance ** 2) addRegion(this.host, "complete", outline);
  }

  override cancel(): void {
    super.cancel();
    this.#start = null;
  }
}

/** Excludes a polygon: a click a corner, and a click on the first to close it. */
export class OutlineTool extends PanTool<Ground> {
  #corners: Place[] = [];

  override click({ place }: Pointer): void {
    const first = this.#corners[0];
    const isClosed =
      first !== undefined &&
      this.#corners.length > 2 &&
      Math.hypot(place.x - first.x, place.y - first.y) <= this.host.tolerance;
    if (isClosed || this.#corners.length >= MOST_CORNERS) this.finish();
    else {
      this.#corners.push(place);
      this.#show(place);
    }
  }

  override hover({ place }: Pointer): void {
    if (this.#corners.length > 0) this.#show(place);
  }

  override doubleClick(): boolean {
    // The second click set a corner on top of the one before.
    this.#corners.pop();
    this.finish();
    return true;
  }

  override finish(): void {
    const corners = this.#corners;
    this.cancel();
    if (corners.length >= 3) addRegion(this.host, "exclude", corners);
  }

  override cancel(): void {
    super.cancel();
    this.#corners = [];
  }

  #show(next: Place): void {
    this.host.draft = { shape: "polygon", places: [...this.#corners, next] };
  }
}

/** Measures a particle: its length becomes the diameter, if the user agrees. */
export class MeasureTool extends PanTool {
  #start: Place | null = null;

  override grab({ place }: Pointer): boolean {
    this.#start = place;
    return true;
  }

  override drag({ place }: Pointer): void {
    this.#draw(place, false);
  }

  override drop({ place }: Pointer): void {
    this.#draw(place, true);
    // The line stays, so that the user sees what the length is of.
    this.#start = null;
  }

  override click(): void {
    this.cancel();
  }

  override doubleClick(): boolean {
    return true;
  }

  override cancel(): void {
    super.cancel();
    this.#start = null;
  }

  #draw(end: Place, isDone: boolean): void {
    const start = this.#start;
    if (start === null) return;
    this.host.draft = { shape: "line", places: [start, end] };
    this.host.measured(Math.hypot(end.x - start.x, end.y - start.y), isDone);
  }
}
