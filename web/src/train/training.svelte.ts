/** Starting and stopping, with what goes wrong said in words. */
import { words, type RunAsked } from "../api/client";
import { toast } from "../shell/toasts.svelte";
import { runs } from "../state/runs.svelte";

class Training {
  /** Whether a request is on its way. */
  isAsking = $state(false);
  /** Why the last request was refused. */
  problem = $state<string | null>(null);

  start(asked: RunAsked): Promise<void> {
    return this.#begin(() => runs.ask(asked));
  }

  /** Let a training that was stopped go on from where it was. */
  goOn(run: number): Promise<void> {
    return this.#begin(() => runs.goOn(run));
  }

  async #begin(ask: () => Promise<unknown>): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    this.problem = null;
    try {
      await ask();
    } catch (error) {
      this.problem = words(error);
    } finally {
      this.isAsking = false;
    }
  }

  async stop(run: number): Promise<void> {
    try {
      await runs.stop(run);
    } catch (error) {
      toast(`The run was not stopped. ${words(error)}`, { kind: "bad" });
    }
  }
}

export const training = new Training();
