/** The queue as it is filtered and ordered now. */
import { words, type ImageState } from "../api/client";
import { toast } from "../shell/toasts.svelte";
import { session } from "../state/project.svelte";
import { settings } from "../state/settings.svelte";
import { listed, NameOrder, neighbour, nextUnfinished, type Filter } from "./listing";

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

  /** Give the open image a state and go on to the next that is not finished. */
  async finish(state: ImageState): Promise<void> {
    const image = session.current;
    if (!image) return;
    const next = nextUnfinished(this.images, image.id);
    try {
      await session.setState(image.id, state);
    } catch (error) {
      toast(`The state was not saved. ${words(error)}`, { kind: "bad" });
      return;
    }
    if (next && session.currentId === image.id) session.open(next.id);
  }
}

export const queue = new QueueState();
