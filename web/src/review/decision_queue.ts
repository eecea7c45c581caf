/** Sends decisions in order, each until the server says that it is on disk. */

import type { PickDecision } from "../api/schema";
import type { DecisionStore, Waiting } from "./decision_store";

/** What became of an attempt: saved, refused for good, or to be tried again. */
export type Outcome =
  | { readonly kind: "saved" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "again"; readonly message: string };

export interface QueueEvents {
  saved(waiting: Waiting): void;
  refused(waiting: Waiting, message: string): void;
  changed(): void;
}

/** Decisions in one request at most, as the server allows. */
const MOST = 20_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

export class DecisionQueue {
  readonly #send: (waiting: Waiting) => Promise<Outcome>;
  readonly #store: DecisionStore;
  readonly #events: QueueEvents;
  readonly #newId: () => string;
  #waiting: Waiting[] = [];
  #isSending = false;
  /** Whether a question is under way for which nothing may be sent. */
  #isHeld = false;
  /** The last such question; the next waits for it. */
  #still: Promise<void> = Promise.resolve();
  #wait = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #idle: (() => void)[] = [];
  /** Why the last attempt failed; null once one succeeds. */
  problem: string | null = null;
  /** Whether something waits in this page's memory alone. */
  hasUnkept = false;

  constructor(
    send: (waiting: Waiting) => Promise<Outcome>,
    store: DecisionStore,
    events: QueueEvents,
    newId: () => string,
  ) {
    this.#send = send;
    this.#store = store;
    this.#events = events;
    this.#newId = newId;
  }

  get waiting(): readonly Waiting[] {
    return this.#waiting;
  }

  /** Take up what an earlier page left. */
  resume(): void {
    const known = new Set(this.#waiting.map((one) => one.id));
    this.#waiting = [...this.#store.list().filter((one) => !known.has(one.id)), ...this.#waiting];
    this.#events.changed();
    void this.#work();
  }

  submit(set: number, decisions: readonly PickDecision[]): void {
    for (let first = 0; first < decisions.length; first += MOST) {
      const waiting = { id: this.#newId(), set, decisions: decisions.slice(first, first + MOST) };
      this.#waiting = [...this.#waiting, waiting];
      if (!this.#store.put(waiting)) this.hasUnkept = true;
    }
    this.#events.changed();
    void this.#work();
  }

  /** Try now what waits: the network is back. */
  hurry(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wait = FIRST_WAIT_MS;
    void this.#work();
  }

  /** Resolves once nothing is on its way; at once where the server cannot be reached. */
  settled(): Promise<void> {
    if (!this.#isSending) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /**
   * Ask something while everything is saved and nothing is on its way; what is decided meanwhile
   * waits until the answer is there.
   *
   * @throws Error where decisions wait for the network.
   */
  standingStill<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.#still.then(() => this.#askStill(ask));
    this.#still = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  async #askStill<T>(ask: () => Promise<T>): Promise<T> {
    await this.settled();
    if (this.#waiting.length > 0) {
      throw new Error(`Decisions are not saved yet. ${this.problem ?? ""}`.trim());
    }
    this.#isHeld = true;
    try {
      return await ask();
    } finally {
      this.#isHeld = false;
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    if (this.#isSending || this.#timer !== null || this.#isHeld) return;
    this.#isSending = true;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const outcome = await this.#send(next);
      if (outcome.kind === "again") {
        this.#later(outcome.message);
        break;
      }
      this.#finish(next, outcome);
    }
    this.#isSending = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #finish(done: Waiting, outcome: Outcome): void {
    this.#waiting = this.#waiting.filter((one) => one.id !== done.id);
    this.#store.remove(done.id);
    this.#wait = FIRST_WAIT_MS;
    this.problem = null;
    if (this.#waiting.length === 0) this.hasUnkept = false;
    if (outcome.kind === "refused") this.#events.refused(done, outcome.message);
    else this.#events.saved(done);
    this.#events.changed();
  }

  #later(message: string): void {
    this.problem = message;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#work();
    }, this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
    this.#events.changed();
  }
}
