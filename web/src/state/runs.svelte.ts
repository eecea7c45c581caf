/** Runs on the server, kept up to date. */
import { continueRun, getRuns, startRun, stopRun, type Run, type RunAsked } from "../api/client";
import { session } from "./project.svelte";

const ACTIVE: readonly Run["state"][] = ["waiting", "running", "stopping"];
/** Progress is not announced step by step; it is asked for while something runs. */
const ASK_MS = 1000;

export const isActive = (run: Run): boolean => ACTIVE.includes(run.state);

class RunsState {
  /** All runs, the newest first. */
  all = $state.raw<Run[]>([]);
  readonly active = $derived(this.all.filter(isActive));
  /** The training that runs or waits. */
  readonly training = $derived(this.active.find((run) => run.kind === "train") ?? null);
  readonly picking = $derived(this.active.find((run) => run.kind === "pick") ?? null);
  readonly trained = $derived(
    this.all.filter((run) => run.kind === "train" && run.state === "done"),
  );

  readonly #endHandlers = new Set<(run: Run) => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  async start(): Promise<void> {
    session.onEvent("run", () => void this.read());
    await this.read();
  }

  /** Call `handler` with each run that ends while the page is open; returns its undo. */
  onEnd(handler: (run: Run) => void): () => void {
    this.#endHandlers.add(handler);
    return () => this.#endHandlers.delete(handler);
  }

  async read(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      this.#take((await getRuns()).runs);
    } catch {
      // Without an answer what is shown stays; the connection's state is shown elsewhere.
    }
    if (this.active.length > 0) this.#timer ??= setTimeout(() => void this.read(), ASK_MS);
  }

  async ask(asked: RunAsked): Promise<Run> {
    try {
      return await startRun(asked);
    } finally {
      // Also after a refusal: it may be that another run is there which the page does not know.
      await this.read();
    }
  }

  async stop(run: number): Promise<void> {
    await stopRun(run);
    await this.read();
  }

  async goOn(run: number): Promise<void> {
    try {
      await continueRun(run);
    } finally {
      await this.read();
    }
  }

  #take(runs: Run[]): void {
    const before = new Map(this.active.map((run) => [run.id, run]));
    this.all = runs;
    for (const run of runs) {
      if (before.has(run.id) && !isActive(run))
        this.#endHandlers.forEach((handler) => handler(run));
    }
  }
}

export const runs = new RunsState();
