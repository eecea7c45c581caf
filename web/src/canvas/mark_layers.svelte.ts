/** The layers of all marks, remade only as far as what they show changed. */
import type { Layer } from "@deck.gl/core";
import { labels } from "../state/labels.svelte";
import { picks } from "../state/picks.svelte";
import { session } from "../state/project.svelte";
import { settings } from "../state/settings.svelte";
import type { Canvas } from "./canvas.svelte";
import { layerOf, radiiOf, rejectedOf, ringsOf, type Mark } from "./marks";
import type { Colour } from "./layers/circles";
import type { Target } from "./tools/tool";

const NOTHING = new Float32Array();
const WHITE: Colour = [255, 255, 255];

export class MarkLayers {
  readonly #radiusOf = (className: string): number | null => this.canvas.radiusOf(className);
  readonly #radius = $derived.by(() => this.canvas.radiusOf(undefined) ?? 0);
  /** The labels, but for the one that is dragged. */
  readonly #still = $derived.by(() => {
    const moving = this.canvas.moving?.id;
    return moving === undefined ? labels.points : labels.points.filter(({ id }) => id !== moving);
  });
  readonly #particles = $derived(
    ringsOf(
      this.#still.filter((point) => point.kind === "particle"),
      this.#radiusOf,
    ),
  );
  readonly #refused = $derived(
    ringsOf(
      this.#still.filter((point) => point.kind === "not_particle"),
      this.#radiusOf,
    ),
  );
  readonly #selected = $derived.by(() => {
    const { selection } = this.canvas;
    const candidates = (selection?.candidates ?? []).map((place) => ({ ...place, class_name: "" }));
    return ringsOf([...(selection?.points ?? []), ...candidates], this.#radiusOf);
  });
  readonly #candidateRadii = $derived.by(() => radiiOf(this.canvas.candidates, this.#radiusOf));
  readonly #besideRadii = $derived.by(() => radiiOf(this.canvas.beside, this.#radiusOf));
  readonly #rejected = $derived.by(() => rejectedOf(this.canvas.candidates));
  readonly #besideRejected = $derived.by(() => rejectedOf(this.canvas.beside));
  readonly #pointed = $derived.by(() => this.#underPointer());

  constructor(private readonly canvas: Canvas) {}

  layers(colours: Record<Mark, Colour>): Layer[] {
    const { candidates, beside, moving } = this.canvas;
    const width_px = settings.lineWidth;
    const radius = this.#radius;
    // Nothing is marked before it is known where the picture lies.
    const isOpen = this.canvas.pyramid !== null;
    const moved = moving ? ringsOf([moving], this.#radiusOf) : null;
    return [
      layerOf({
        id: "beside",
        positions: beside?.positions ?? NOTHING,
        scores: beside?.score ?? null,
        radii: this.#besideRadii,
        faint: this.#besideRejected,
        radius: 1.06 * radius,
        threshold: picks.besideThreshold,
        colour: colours.beside,
        width_px,
        shape: "dashed",
        visible: isOpen && settings.showBeside,
      }),
      layerOf({
        id: "candidates",
        positions: candidates?.positions ?? NOTHING,
        scores: candidates?.score ?? null,
        radii: this.#candidateRadii,
        faint: this.#rejected,
        radius,
        threshold: picks.threshold,
        colour: colours.candidate,
        width_px,
        visible: isOpen && settings.showPicks,
      }),
      layerOf({
        id: "particles",
        ...this.#particles,
        radius,
        colour: colours.particle,
        width_px: width_px + 1,
        visible: isOpen && settings.showLabels,
      }),
      layerOf({
        id: "refused",
        ...this.#refused,
        radius,
        colour: colours.not_particle,
        width_px: width_px + 0.5,
        shape: "cross",
        visible: isOpen && settings.showLabels,
      }),
      layerOf({
        id: "selected",
        ...this.#selected,
        radius,
        colour: WHITE,
        width_px: width_px + 1,
        visible: isOpen,
      }),
      layerOf({
        id: "pointed",
        ...(moved ?? this.#pointed),
        radius,
        colour: moving ? colours[moving.kind] : WHITE,
        width_px: width_px + 1,
        visible: isOpen,
      }),
    ];
  }

  /** A ring around what a click would take. */
  #underPointer(): { positions: Float32Array; radii: Float32Array } {
    const { hovered } = this.canvas;
    const isUsed = settings.tool === "point" && hovered !== null && session.current !== null;
    const target = isUsed ? this.canvas.targetAt(hovered.place) : null;
    return ringsOf(target ? [placed(target)] : [], this.#radiusOf);
  }
}

function placed(target: Target): { x: number; y: number; class_name: string } {
  return target.what === "label" ? target.point : { ...target.place, class_name: "" };
}
