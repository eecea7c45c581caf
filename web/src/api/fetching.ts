/**
 * Pictures that were fetched, and the queue of those that are wanted.
 *
 * Who turns the wheel quickly wishes for more than a tunnel can carry. So only a few requests run
 * at once, every new list of wishes replaces the one before, and what nobody wants any more is
 * given up. What is here is kept while there is room, the last used the longest.
 */
import { ApiError, words } from "./errors";

export interface FetchingOptions<W, P> {
  /** What a picture is known by. */
  keyOf: (wish: W) => string;
  fetch: (wish: W, signal: AbortSignal) => Promise<P>;
  /** Requests under way at most. */
  atOnce: number;
  /** How much is kept; the last picture is, however large. */
  room: number;
  /** Room that a picture takes; one, where nothing is said. */
  sizeOf?: (picture: P) => number;
  /** Called with each picture that is kept from now on. */
  came?: (wish: W, picture: P) => void;
  /** Called with each that is not kept, or not any more. */
  released?: (key: string, picture: P) => void;
  /** Called with each error for which asking again would not help. */
  failed?: ((error: unknown) => void) | undefined;
  /** Called when something came or failed. */
  changed: () => void;
}

interface Failure {
  readonly message: string;
  /** Where asking again would not help. */
  readonly isFinal: boolean;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4_000;

export class Fetching<W, P> {
  /** The least recently used first. */
  readonly #held = new Map<string, P>();
  readonly #failures = new Map<string, Failure>();
  readonly #running = new Map<string, AbortController>();
  #wishes: readonly W[] = [];
  /** Places in the list of wishes, by key. */
  #ranks = new Map<string, number>();
  /** From this place on there is no room for what is wished for. */
  #fullFrom = Infinity;
  #size = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait_ms = FIRST_WAIT_MS;

  constructor(private readonly options: FetchingOptions<W, P>) {}

  /** A picture if it is here; it then counts as used last. */
  get(key: string): P | undefined {
    const picture = this.#held.get(key);
    if (picture !== undefined) {
      this.#held.delete(key);
      this.#held.set(key, picture);
    }
    return picture;
  }

  /** Why the last attempt at one failed. */
  failureOf(key: string): string | null {
    return this.#failures.get(key)?.message ?? null;
  }

  /** Why something that is wanted is not here; null where nothing failed. */
  get problem(): string | null {
    for (const key of this.#ranks.keys()) {
      const failure = this.#failures.get(key);
      if (failure !== undefined) return failure.message;
    }
    return null;
  }

  /** Whether all that is wanted is here. */
  get isComplete(): boolean {
    return [...this.#ranks.keys()].every((key) => this.#held.has(key));
  }

  /** Fetch these, the first first; whatever was wished for before is forgotten. */
  want(wishes: readonly W[]): void {
    this.#wishes = wishes;
    this.#ranks = new Map(wishes.map((wish, rank) => [this.options.keyOf(wish), rank]));
    this.#fullFrom = Infinity;
    for (const [key, running] of this.#running) {
      if (this.#ranks.has(key)) continue;
      this.#running.delete(key);
      running.abort();
    }
    for (const key of this.#ranks.keys()) this.get(key);
    this.#start();
  }

  /** Give up everything that is under way, and forget what failed. */
  stop(): void {
    this.want([]);
    this.#failures.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Let go of everything, and of what is under way. */
  clear(): void {
    this.stop();
    for (const key of [...this.#held.keys()]) this.#release(key);
  }

  #start(): void {
    if (this.#timer !== null) return;
    for (const [rank, wish] of this.#wishes.entries()) {
      if (this.#running.size >= this.options.atOnce || rank >= this.#fullFrom) return;
      const key = this.options.keyOf(wish);
      const isSettled = this.#held.has(key) || this.#failures.get(key)?.isFinal;
      if (!isSettled && !this.#running.has(key)) void this.#fetch(wish, key);
    }
  }

  async #fetch(wish: W, key: string): Promise<void> {
    const running = new AbortController();
    this.#running.set(key, running);
    try {
      const picture = await this.options.fetch(wish, running.signal);
      if (running.signal.aborted) this.options.released?.(key, picture);
      else this.#take(wish, key, picture);
    } catch (error) {
      if (!running.signal.aborted) this.#failed(key, error);
    }
    if (running.signal.aborted) return;
    this.#running.delete(key);
    this.options.changed();
    this.#start();
  }

  #take(wish: W, key: string, picture: P): void {
    this.#failures.delete(key);
    this.#wait_ms = FIRST_WAIT_MS;
    this.#held.set(key, picture);
    this.#size += this.#sizeOf(picture);
    while (this.#size > this.options.room && this.#held.size > 1) this.#release(this.#leastUseful());
    if (this.#held.has(key)) this.options.came?.(wish, picture);
  }

  #sizeOf(picture: P): number {
    return this.options.sizeOf?.(picture) ?? 1;
  }

  /** What nobody wants, the least recently used first; else what is wished for last. */
  #leastUseful(): string {
    let [last, lastRank] = ["", -1];
    for (const key of this.#held.keys()) {
      const rank = this.#ranks.get(key);
      if (rank === undefined) return key;
      if (rank > lastRank) [last, lastRank] = [key, rank];
    }
    this.#fullFrom = lastRank;
    return last;
  }

  #release(key: string): void {
    const picture = this.#held.get(key);
    if (picture === undefined) return;
    this.#held.delete(key);
    this.#size -= this.#sizeOf(picture);
    this.options.released?.(key, picture);
  }

  /** Ask again a little later, and later still while that fails: a tunnel that broke down, or a
   * server with too much to do, and both pass. */
  #failed(key: string, error: unknown): void {
    const isFinal = error instanceof ApiError && !error.isTemporary;
    this.#failures.set(key, { message: words(error), isFinal });
    if (isFinal) this.options.failed?.(error);
    if (isFinal || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#start();
    }, this.#wait_ms);
    this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
  }
}
