/** What the canvas shows and how it is looked at: the ground that the tools work on. */
import type { Point, Pyramid } from "../api/client";
import { AOfPx, pxOfA } from "../geometry/units";
import {
  fitted,
  panned,
  toImage,
  toScreen,
  zoomed,
  type Place,
  type Rectangle,
  type Size,
  type View,
} from "../geometry/view";
import { labels } from "../state/labels.svelte";
import { picks } from "../state/picks.svelte";
import { session } from "../state/project.svelte";
import { settings } from "../state/settings.svelte";
import { Hits } from "./hits.svelte";
import type { Draft, Host, Pointer, Selection, Target } from "./tools/tool";

/** How near a click must be, CSS pixels. */
const NEAR_px = 9;
/** A particle that the page centres on is drawn this large, CSS pixels. */
const FOCUSED_px = 110;
const BRUSH_OF_IMAGE = 1 / 50;

export class Canvas implements Host {
  /** CSS pixels. */
  size = $state.raw<Size>({ width: 1, height: 1 });
  view = $state.raw<View>({ x: 0, y: 0, scale: 1 });
  pyramid = $state.raw<Pyramid | null>(null);
  draft = $state.raw<Draft | null>(null);
  moving = $state.raw<Point | null>(null);
  selection = $state.raw<Selection | null>(null);
  hovered = $state.raw<Pointer | null>(null);
  /** Whether the view still shows the whole image because nobody moved it. */
  #isFitted = true;
  readonly #views = new Map<number, View>();

  readonly labels = labels;
  readonly image = $derived(session.current);
  readonly pixelSize_A = $derived(this.image?.pixel_size_A ?? null);
  readonly imageSize: Size = $derived(this.pyramid?.levels[0] ?? { width: 1, height: 1 });
  readonly tolerance = $derived(NEAR_px / this.view.scale);
  readonly kind = $derived(settings.pointKind);

  /** Candidates of the shown set and of the one beside; null while they are on their way. */
  readonly candidates = $derived(this.image ? picks.picksOf(this.image.id) : null);
  readonly beside = $derived(this.image ? picks.besidePicksOf(this.image.id) : null);
  readonly #radius = $derived(this.radiusOf(undefined) ?? 0);
  readonly #hits = new Hits(this);

  /** Radius of a class, or of the first that has one, in pixels; null while nobody said it. */
  radiusOf(className: string | undefined): number | null {
    const diameter_A = session.diameter_A(className);
    return diameter_A === null ? null : pxOfA(diameter_A, this.pixelSize_A) / 2;
  }

  get borders(): Rectangle {
    const { width, height } = this.imageSize;
    return { left: -0.5, top: -0.5, right: width - 0.5, bottom: height - 0.5 };
  }

  get brushRadius(): number {
    if (settings.brush_A !== null) return pxOfA(settings.brush_A, this.pixelSize_A) / 2;
    return this.#radius || this.imageSize.width * BRUSH_OF_IMAGE;
  }

  scaleBrush(factor: number): void {
    settings.brush_A = AOfPx(2 * this.brushRadius * factor, this.pixelSize_A);
  }

  classFor(kind: Point["kind"]): string {
    if (kind === "not_particle") return settings.junkClass;
    const names = session.project?.classes.map((one) => one.name) ?? [];
    // The class chosen last may belong to another project.
    const isKnown = names.includes(settings.currentClass);
    return isKnown ? settings.currentClass : (names[0] ?? settings.currentClass);
  }

  targetAt(place: Place): Target | null {
    return this.#hits.targetAt(place);
  }

  /** The shown candidate at a place, labelled or not; null without any. */
  candidateAt(place: Place): number | null {
    return this.#hits.candidateAt(place);
  }

  labelsIn(part: Rectangle): Point[] {
    return this.#hits.labelsIn(part);
  }

  candidatesIn(part: Rectangle): Place[] {
    return this.#hits.candidatesIn(part);
  }

  measured(length_px: number): void {
    settings.measured_A = AOfPx(length_px, this.pixelSize_A);
  }

  /** Begin with another image, at the place where it was left. */
  open(image: number, pyramid: Pyramid): void {
    this.pyramid = pyramid;
    const kept = this.#views.get(image);
    this.#isFitted = kept === undefined;
    this.view = kept ?? fitted(this.imageSize, this.size);
  }

  resize(size: Size): void {
    this.size = size;
    if (this.#isFitted) this.view = fitted(this.imageSize, size);
  }

  fit(): void {
    this.#isFitted = true;
    this.hovered = null;
    this.view = fitted(this.imageSize, this.size);
    if (this.image) this.#views.delete(this.image.id);
  }

  pan(dx: number, dy: number): void {
    this.#look(panned(this.view, this.imageSize, dx, dy));
  }

  zoom(factor: number, around?: Place): void {
    // By keys and buttons: nobody knows what lies under the pointer until it moves again.
    if (around === undefined) this.hovered = null;
    this.#look(zoomed(this.view, this.size, this.imageSize, factor, around));
  }

  /** One pixel of the image on one of the screen's. */
  oneToOne(): void {
    this.zoom(1 / (devicePixelRatio * this.view.scale));
  }

  focus(place: Place): void {
    const radius = this.#radius || 20 / this.view.scale;
    this.#look({ ...place, scale: Math.max(this.view.scale, FOCUSED_px / (2 * radius)) });
  }

  toImage(place: Place): Place {
    return toImage(this.view, this.size, place);
  }

  toScreen(place: Place): Place {
    return toScreen(this.view, this.size, place);
  }

  #look(view: View): void {
    this.#isFitted = false;
    this.view = view;
    if (this.image) this.#views.set(this.image.id, view);
  }
}
