/** The queue as it is filtered and ordered now. */
import { words, type ImageState, type ImageSummary } from "../api/client";
import { toast } from "../shell/toasts.svelte";
import { labels } from "../state/labels.svelte";
import { session } from "../state/project.svelte";
import { settings } from "../state/settings.svelte";
import {
  listed,
  NameOrder,
  neighbour,
  nextUnfinished,
  stateBefore,
  type Filter,
} from "./listing";
import { skippedWords } from "./row_words";

class QueueState {
  readonly #order = new NameOrder();
  text = $state("");
  state = $state<Filter["state"]>(null);
  readonly images = $derived(
    listed(
      session.queue,
      { text: this.text, state: this.state },
      settings.queueOrder,
      this.#order.of(session.queue),
    ),
  );
  readonly index = $derived(this.images.findIndex((image) => image.id === session.currentId));

  step(by: 1 | -1): void {
    const next = neighbour(this.images, session.currentId, by);
    if (next) session.open(next.id);
  }

  openUnfinished(): void {
    const next = nextUnfinished(this.images, session.currentId);
    if (next) session.open(next.id);
    else toast("Every image in this list is reviewed or skipped.");
  }

  /**
   * Give the open image a state and go on to the next that is not finished; where it has that
   * state already, take it back.
   */
  async finish(state: "reviewed" | "skipped"): Promise<void> {
    const image = session.current;
    if (!image) return;
    if (image.state === state) return void (await this.#take(image, stateBefore(image)));
    const next = nextUnfinished(this.images, image.id);
    // What was clicked a moment ago is not in the summary yet.
    const labelled = labels.isLoaded ? labels.points.length : image.labels + image.negatives;
    if (!(await this.#take(image, state))) return;
    if (next && session.currentId === image.id) session.open(next.id);
    if (state === "skipped" && labelled > 0) {
      const before = image.state === "reviewed" ? "reviewed" : "labelled";
      const takeBack = () => void this.#take(image, before);
      const action = { what: "Do not skip", run: takeBack };
      toast(skippedWords(image.name, labelled), { kind: "warn", action });
    }
  }

  /** Save a state; returns whether that went well. */
  async #take(image: ImageSummary, state: ImageState): Promise<boolean> {
    try {
      await session.setState(image.id, state);
      return true;
    } catch (error) {
      toast(`The state was not saved. ${words(error)}`, { kind: "bad" });
      return false;
    }
  }
}

export const queue = new QueueState();
