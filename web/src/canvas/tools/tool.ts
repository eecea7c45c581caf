/** What a tool is, and what it works with. */
import type { Point, Region } from "../../api/client";
import type { Place, Rectangle } from "../../geometry/view";
import type { NewPoint, NewRegion } from "../../state/labels.svelte";

/** Where the pointer is. */
export interface Pointer {
  /** Pixels of the stored image. */
  place: Place;
  shift: boolean;
  alt: boolean;
}

/** What lies under the pointer. */
export type Target =
  | { what: "label"; point: Point }
  | { what: "candidate"; index: number; place: Place };

/** What is being drawn, in pixels of the image. */
export type Draft =
  | { shape: "path" | "polygon" | "rectangle" | "line"; places: readonly Place[] }
  | { shape: "brush"; places: readonly Place[]; radius: number; erases: boolean };

/** Labels and candidates that a lasso holds. */
export interface Selection {
  points: readonly Point[];
  /** Places of candidates without a label. */
  candidates: readonly Place[];
}

/** The labels as tools change them: `state/labels.svelte.ts`, or a stand-in. */
export interface Labelling {
  readonly points: readonly Point[];
  readonly regions: readonly Region[];
  addPoints(points: readonly NewPoint[]): string[];
  changePoints(points: readonly Point[]): void;
  removePoints(ids: readonly string[]): void;
  addRegion(region: NewRegion): string | null;
  removeRegions(ids: readonly string[]): void;
}

/** What a tool that draws regions works on: a micrograph, or slices of a tomogram. */
export interface Ground {
  readonly labels: Pick<Labelling, "addRegion">;
  /** Of the brush, pixels of the image. */
  readonly brushRadius: number;
  /** Pixels of the image along a few of the screen: how near is meant. */
  readonly tolerance: number;
  /** The image's borders. */
  readonly borders: Rectangle;
  draft: Draft | null;
}

/** What the canvas offers to its tools. */
export interface Host extends Ground {
  readonly labels: Labelling;
  /** What a click adds. */
  readonly kind: Point["kind"];
  classFor(kind: Point["kind"]): string;
  targetAt(place: Place): Target | null;
  labelsIn(part: Rectangle): Point[];
  /** Places of candidates shown, without a label, that nobody rejected. */
  candidatesIn(part: Rectangle): Place[];
  /** A label while it is dragged. */
  moving: Point | null;
  selection: Selection | null;
  /** A length that was drawn, pixels of the image. */
  measured(length_px: number, isDone: boolean): void;
}

export interface Tool {
  /** A drag began at a place; false lets it move the picture instead. */
  grab(pointer: Pointer): boolean;
  drag(pointer: Pointer): void;
  drop(pointer: Pointer): void;
  click(pointer: Pointer): void;
  hover(pointer: Pointer): void;
  /** Two clicks at one place, after both; false zooms in instead. */
  doubleClick(pointer: Pointer): boolean;
  /** Give up what was begun. */
  cancel(): void;
  /** Finish what was begun, where the tool waits for that. */
  finish(): void;
}

/** A tool that does nothing but let the picture be moved. */
export class PanTool<G extends Ground = Host> implements Tool {
  constructor(protected readonly host: G) {}

  grab(_pointer: Pointer): boolean {
    return false;
  }

  drag(_pointer: Pointer): void {
    return;
  }

  drop(_pointer: Pointer): void {
    return;
  }

  click(_pointer: Pointer): void {
    return;
  }

  hover(_pointer: Pointer): void {
    return;
  }

  doubleClick(_pointer: Pointer): boolean {
    return false;
  }

  cancel(): void {
    this.host.draft = null;
  }

  finish(): void {
    return;
  }
}
