/** The layers of all marks, remade only as far as what they show changed. */
import type { Layer } from "@deck.gl/core";
import { labels } from "../state/labels.svelte";
import { picks } from "../state/picks.svelte";
import { settings } from "../state/settings.svelte";
import type { Canvas } from "./canvas.svelte";
import type { Colour } from "./layers/circles";
import { layerOf, ringsOf, type Mark } from "./marks";
import { SetMarks } from "./set_marks.svelte";

const WHITE: Colour = [255, 255, 255];

export class MarkLayers {
  readonly #radiusOf = (className: string): number | null => this.canvas.radiusOf(className);
  readonly #radius = $derived.by(() => this.canvas.radiusOf(undefined) ?? 0);
  /** By itself, so that a label's way changes nothing here. */
  readonly #movingId = $derived.by(() => this.canvas.moving?.id);
  /** The labels, but for the one that is dragged. */
  readonly #still = $derived.by(() => {
    const moving = this.#movingId;
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
  readonly #shownPicks = new SetMarks(() => this.canvas.candidates, this.#radiusOf);
  readonly #besidePicks = new SetMarks(() => this.canvas.beside, this.#radiusOf);

  constructor(private readonly canvas: Canvas) {}

  /** All layers; reads neither the view nor the pointer, so that these redraw nothing. */
  layers(colours: Record<Mark, Colour>): Layer[] {
    const width_px = settings.lineWidth;
    const radius = this.#radius;
    // Nothing is marked before it is known where the picture lies.
    const isOpen = this.canvas.pyramid !== null;
    const shown = {
      id: "candidates",
      radius,
      threshold: picks.threshold,
      colour: colours.candidate,
      width_px,
      visible: isOpen && settings.showPicks,
    };
    return [
      ...this.#besidePicks.dashed({
        id: "beside",
        radius: 1.06 * radius,
        threshold: picks.besideThreshold,
        colour: colours.beside,
        width_px,
        visible: isOpen && settings.showBeside,
      }),
      this.#shownPicks.rejected({ ...shown, visible: shown.visible && settings.showRejected }),
      ...this.#shownPicks.kept(shown),
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
    ];
  }
}
