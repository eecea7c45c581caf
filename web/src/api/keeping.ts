/** Which things of this page the browser keeps, and under which keys. */
import type { OutboxStore } from "./outbox_store";

export class Keeping<T extends object> {
  #store: OutboxStore<T> | null = null;
  readonly #keys = new Map<T, string>();
  /** What the browser had no room for. */
  readonly #unkept = new Set<T>();
  /** What an earlier page or another tab left: that tab may settle it. */
  readonly #adopted = new Set<T>();

  constructor(private readonly idOf: (item: T) => string) {}

  get isStarted(): boolean {
    return this.#store !== null;
  }

  /** Whether something lasts only as long as this page. */
  get hasUnkept(): boolean {
    return this.#unkept.size > 0;
  }

  /** Keep in a storage from now on. */
  start(store: OutboxStore<T>): void {
    this.#store = store;
  }

  /** Take over what is in the storage and not of this page; returns it, the oldest first. */
  adopt(): T[] {
    const known = new Set(this.#keys.values());
    const left = (this.#store?.all() ?? []).filter(([key]) => !known.has(key));
    for (const [key, item] of left) {
      this.#keys.set(item, key);
      this.#adopted.add(item);
    }
    return left.map(([, item]) => item);
  }

  keep(item: T): void {
    if (this.#store === null) return;
    const key = this.#keys.get(item) ?? this.#store.newKey(this.idOf(item));
    this.#keys.set(item, key);
    if (this.#store.keep(key, item)) this.#unkept.delete(item);
    else this.#unkept.add(item);
  }

  /** What is kept under a key of the storage. */
  at(key: string): T | null {
    for (const [item, its] of this.#keys) if (its === key) return item;
    return null;
  }

  isAdopted(item: T): boolean {
    return this.#adopted.has(item);
  }

  /** Whether another tab has settled it. */
  isGone(item: T): boolean {
    const key = this.#keys.get(item);
    return this.#adopted.has(item) && key !== undefined && !this.#store?.has(key);
  }

  forget(item: T): void {
    const key = this.#keys.get(item);
    if (key !== undefined) this.#store?.drop(key);
    this.#keys.delete(item);
    this.#unkept.delete(item);
    this.#adopted.delete(item);
    // Room that became free may do for what had none.
    for (const one of this.#unkept) this.keep(one);
  }
}
