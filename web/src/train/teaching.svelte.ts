/** Whether there is enough to learn from. */
import { picks } from "../state/picks.svelte";
import { session } from "../state/project.svelte";
import { missing, unchecked, UNCHECKED_IN_TOMOGRAMS } from "./enough";

class Teaching {
  /** Images that teach: what a person skips does not. */
  readonly #used = $derived(session.queue.filter((image) => image.state !== "skipped"));
  readonly particles = $derived(this.#used.reduce((sum, image) => sum + image.labels, 0));
  readonly negatives = $derived(this.#used.reduce((sum, image) => sum + image.negatives, 0));
  readonly images = $derived(
    this.#used.filter((image) => image.labels + image.negatives > 0).length,
  );
  readonly #withParticles = $derived(this.#used.filter((image) => image.labels > 0).length);
  readonly #kept = $derived(picks.sets.reduce((sum, set) => sum + set.kept, 0));
  /** What is missing before a training makes sense, in a sentence; null where nothing is. */
  readonly missing = $derived(missing(this.particles, this.#kept));
  /** That nothing checks what is learned, in a sentence; null where something does. */
  readonly unchecked = $derived(
    session.isTomogram
      ? UNCHECKED_IN_TOMOGRAMS
      : unchecked(this.particles + this.#kept, this.#kept > 0 ? 0 : this.#withParticles),
  );
}

export const teaching = new Teaching();
