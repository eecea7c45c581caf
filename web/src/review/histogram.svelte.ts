/** Scores of the shown set, and what each threshold would give. */

import { getHistogram, words } from "../api/client";
import type { Histogram } from "../api/schema";

class Scores {
  histogram = $state.raw<Histogram | null>(null);
  problem = $state<string | null>(null);
  /** Which question the histogram answers: the set and the class. */
  #key = "";
  #asking: AbortController | null = null;

  /** Read the scores of a set, or of one class of it. */
  async read(set: number, className: string | null): Promise<void> {
    const key = `${set}:${className ?? ""}`;
    if (key !== this.#key) this.histogram = null;
    this.#key = key;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const histogram = await getHistogram(set, className, asking.signal);
      if (this.#asking !== asking) return;
      this.histogram = histogram;
      this.problem = null;
    } catch (error) {
      if (this.#asking === asking) this.problem = words(error);
    }
  }
}

export const scores = new Scores();
