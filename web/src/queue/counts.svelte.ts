/** How many picks of the shown set each image has: what the image itself would show. */
import { getPickCounts } from "../api/client";
import { inTurn } from "../review/in_turn";
import { picks } from "../state/picks.svelte";
import { session } from "../state/project.svelte";
import { Outdated, withAnswer, type CountByImage, type PickCount } from "./counts";

/** Between two questions while a run writes picks image by image. */
const PAUSE_MS = 1_000;

class QueueCounts {
  #counts = $state.raw<CountByImage>(new Map());
  #set: number | null = null;
  #outdated = new Outdated();
  readonly #readSoon = inTurn(() => this.#read(), PAUSE_MS);

  /** null where the shown set has not come to an image yet, and while the counts are read. */
  of(image: number): PickCount | null {
    return this.#counts.get(image) ?? null;
  }

  /** Follow the shown set and the server's events; returns what ends that. */
  start(): () => void {
    const stops = [
      session.onEvent("picks", (event) => {
        // Without a set, something was excluded or nobody knows what changed.
        if (event.id !== null && event.id !== this.#set) return;
        this.#outdated.add(event.image);
        this.#readSoon();
      }),
      $effect.root(() => {
        $effect(() => this.#show(picks.shown?.id ?? null));
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }

  #show(set: number | null): void {
    if (set === this.#set) return;
    this.#set = set;
    this.#counts = new Map();
    this.#outdated = new Outdated();
    if (set !== null) this.#readSoon();
  }

  async #read(): Promise<void> {
    const set = this.#set;
    const outdated = this.#outdated;
    const asked = outdated.take();
    if (set === null || asked === undefined) return;
    try {
      const answer = await getPickCounts(set, asked);
      if (this.#set === set) this.#counts = withAnswer(this.#counts, asked, answer);
    } catch {
      // Asked again with the next event, or the one after the gap.
      if (asked === null) outdated.add(null);
      else for (const image of asked) outdated.add(image);
    }
  }
}

export const queueCounts = new QueueCounts();
