/** Which marks lie at a place. */
import type { Point } from "../api/client";
import { PointIndex } from "../geometry/point_index";
import type { Place, Rectangle } from "../geometry/view";
import { HIDDEN, REJECTED, shownAs, type Candidates } from "../review/candidates";
import { labels } from "../state/labels.svelte";
import { picks } from "../state/picks.svelte";
import { settings } from "../state/settings.svelte";
import type { Target } from "./tools/tool";

/** A label is meant within this share of a particle's radius, so that others may be set beside. */
const REACH_OF_LABEL = 0.7;
/** A candidate counts as labelled where a label is nearer than this share of the radius. */
const SAME_PLACE = 0.5;
/** Marks smaller than the tolerance are meant from a little farther away. */
const LENIENCE = 1.3;
const NOTHING = new Float32Array();

/** What marks are found on. */
export interface Marked {
  /** Of the shown set; null while they are on their way. */
  readonly candidates: Candidates | null;
  /** Of the particle, pixels of the image; null while nobody said it. */
  radiusOf(className: string | undefined): number | null;
  readonly imageSize: { readonly width: number };
  /** How near is meant, pixels of the image. */
  readonly tolerance: number;
}

export class Hits {
  readonly #x = $derived.by(() => this.ground.candidates?.x ?? NOTHING);
  readonly #y = $derived.by(() => this.ground.candidates?.y ?? NOTHING);
  readonly #radius = $derived.by(() => this.ground.radiusOf(undefined) ?? 0);
  readonly #cell = $derived.by(() => Math.max(this.#radius, this.ground.imageSize.width / 200));
  readonly #candidateIndex = $derived(new PointIndex(this.#x, this.#y, this.#cell));
  readonly #labelIndex = $derived(
    new PointIndex(
      labels.points.map((point) => point.x),
      labels.points.map((point) => point.y),
      this.#cell,
    ),
  );

  constructor(private readonly ground: Marked) {}

  /** What a click at a place would take. */
  targetAt(place: Place): Target | null {
    const near = LENIENCE * this.ground.tolerance;
    const label = settings.showLabels
      ? this.#labelIndex.nearest(place, Math.max(REACH_OF_LABEL * this.#radius, near))
      : null;
    const candidate = settings.showPicks
      ? this.#candidateIndex.nearest(
          place,
          Math.max(this.#radius, near),
          (index) => this.#shownAs(index) !== HIDDEN && !this.#isLabelled(index),
        )
      : null;
    const point = label ? labels.points[label.index] : undefined;
    if (label && point && label.distance <= (candidate?.distance ?? Infinity)) {
      return { what: "label", point };
    }
    return candidate
      ? { what: "candidate", index: candidate.index, place: this.#placeOf(candidate.index) }
      : null;
  }

  /** The shown candidate at a place, labelled or not; null without any. */
  candidateAt(place: Place): number | null {
    if (!settings.showPicks) return null;
    const near = Math.max(this.#radius, LENIENCE * this.ground.tolerance);
    const isShown = (index: number): boolean => this.#shownAs(index) !== HIDDEN;
    return this.#candidateIndex.nearest(place, near, isShown)?.index ?? null;
  }

  labelsIn(part: Rectangle): Point[] {
    return this.#labelIndex.inside(part).flatMap((index) => labels.points[index] ?? []);
  }

  /** Places of candidates shown, without a label, that nobody rejected. */
  candidatesIn(part: Rectangle): Place[] {
    if (!settings.showPicks) return [];
    return this.#candidateIndex
      .inside(part)
      .filter((index) => {
        const shown = this.#shownAs(index);
        return shown !== HIDDEN && shown !== REJECTED && !this.#isLabelled(index);
      })
      .map((index) => this.#placeOf(index));
  }

  #placeOf(index: number): Place {
    return { x: this.#x[index] ?? 0, y: this.#y[index] ?? 0 };
  }

  /** As what a candidate is drawn; HIDDEN where it is not. */
  #shownAs(index: number): number {
    const { candidates } = this.ground;
    const shown = candidates ? shownAs(candidates, index, picks.threshold) : HIDDEN;
    return shown === REJECTED && !settings.showRejected ? HIDDEN : shown;
  }

  #isLabelled(index: number): boolean {
    const reach = Math.max(SAME_PLACE * this.#radius, 1);
    return this.#labelIndex.nearest(this.#placeOf(index), reach) !== null;
  }
}
