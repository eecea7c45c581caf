/**
 * What is on its way to the server: kept in the browser until it is on the server's disk, and sent
 * in order.
 *
 * Each thing has an id by which the server knows it again, so that sending it twice (after a
 * dropped tunnel, or by two tabs) does it once.
 */
import type { Carrier, Delivery, End } from "./carrier";
import { ApiError, words } from "./errors";
import { Keeping } from "./keeping";
import type { OutboxStore } from "./outbox_store";

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export class Outbox<T extends object, R> {
  readonly #kept: Keeping<T>;
  readonly #handlers = new Set<() => void>();
  #waiting: readonly T[] = [];
  #problem: string | null = null;
  #isOnline = true;
  #working: Promise<void> | null = null;
  /** What is on its way. */
  #sent: T | null = null;
  #isHeld = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait_ms = SHORTEST_WAIT_MS;

  constructor(private readonly carrier: Carrier<T, R>) {
    this.#kept = new Keeping((item) => carrier.idOf(item));
  }

  /** What is not saved, in order; without what lies aside. */
  get waiting(): readonly T[] {
    return this.#waiting;
  }

  /** Whether the server took the last request. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** Why things wait; null where nothing went wrong. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether closing the page now would lose something, because the browser has no room for it. */
  get hasUnkept(): boolean {
    return this.#kept.hasUnkept;
  }

  /** Be told when anything of the above may have changed; returns the undo. */
  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Begin, with what an earlier page of this project left before what this page has. */
  start(store: OutboxStore<T>): void {
    this.#kept.start(store);
    for (const item of this.#waiting) this.#kept.keep(item);
    this.adopt();
  }

  /** Send also what a tab has left that is closed now. */
  adopt(): void {
    this.#waiting = [...this.#kept.adopt(), ...this.#waiting];
    this.tell();
    this.#work();
  }

  /** Send something, after all that waits. */
  submit(item: T): void {
    this.#waiting = [...this.#waiting, item];
    this.#kept.keep(item);
    this.tell();
    this.#work();
  }

  /** Another tab has removed a key from the storage: what was kept there is settled. */
  removed(key: string): void {
    const item = this.#kept.at(key);
    if (item !== null && item !== this.#sent) this.#end(item, { kind: "elsewhere" });
  }

  /** Forget what lies aside. */
  discard(aside: T): void {
    this.#kept.forget(aside);
    this.tell();
  }

  /** Try at once: the connection is back. */
  hurry(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wait_ms = SHORTEST_WAIT_MS;
    this.#work();
  }

  /** Resolves once nothing is on its way; at once where the server cannot be reached. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  /** Send nothing until what this returns is called. */
  hold(): () => void {
    this.#isHeld = true;
    return () => {
      this.#isHeld = false;
      this.#work();
    };
  }

  /** Tell all who asked that something may have changed. */
  tell(): void {
    for (const handler of this.#handlers) handler();
  }

  #work(): void {
    if (this.#working !== null || this.#timer !== null || this.#isHeld) return;
    if (!this.#kept.isStarted || this.#waiting.length === 0) return;
    this.#working = Promise.resolve().then(() => this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        if (!(await this.#send(next))) return;
      }
    } finally {
      this.#working = null;
    }
  }

  /** Send one; returns whether the next may follow at once. */
  async #send(item: T): Promise<boolean> {
    if (this.#kept.isGone(item)) return this.#end(item, { kind: "elsewhere" });
    let delivery: Delivery<R>;
    this.#sent = item;
    try {
      delivery = await this.carrier.deliver(item);
    } catch (error) {
      return this.#failed(item, error);
    } finally {
      this.#sent = null;
    }
    if (delivery.kind === "aside") return this.#end(item, delivery);
    this.#answered();
    if (delivery.kind === "again") return true;
    return this.#end(item, { ...delivery, isMine: !this.#kept.isAdopted(item) });
  }

  #failed(item: T, error: unknown): boolean {
    if (error instanceof ApiError && error.isFinal) {
      this.#answered();
      return this.#end(item, { kind: "refused", message: error.message });
    }
    this.#isOnline = !(error instanceof ApiError && error.status === 0);
    this.#problem = words(error);
    // Without a session it is sent when the page is opened with a valid address.
    if (!(error instanceof ApiError && error.status === 401)) this.#later();
    this.tell();
    return false;
  }

  #answered(): void {
    this.#isOnline = true;
    this.#problem = null;
    this.#wait_ms = SHORTEST_WAIT_MS;
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#work();
    }, this.#wait_ms);
    this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
  }

  #end(item: T, end: End<R>): boolean {
    this.#waiting = this.#waiting.filter((one) => one !== item);
    // What lies aside stays in the storage until a person settles it.
    if (end.kind !== "aside") this.#kept.forget(item);
    this.carrier.ended(item, end);
    this.tell();
    return true;
  }
}
