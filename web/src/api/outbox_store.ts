/** What the server does not have yet, in the browser's storage: one entry each, so that two tabs of
 * one project never overwrite each other's. */
import { browserStore, type Store } from "../state/storage";

/** What the storage holds and this is for, or null. */
export type Understand<T> = (value: unknown) => T | null;

export class OutboxStore<T> {
  readonly #prefix: string;
  #count = 0;

  /**
   * @param kind what the entries are: begins their keys.
   * @param project whose: entries of another project are neither read nor touched.
   */
  constructor(
    kind: string,
    project: string,
    private readonly understand: Understand<T>,
    private readonly store: Store = browserStore,
  ) {
    this.#prefix = `nunatak.${kind}.${project}.`;
  }

  /** A key that sorts behind all that were given out before. */
  newKey(id: string, time = Date.now()): string {
    const parts = [String(time).padStart(15, "0"), String(this.#count++).padStart(8, "0"), id];
    return this.#prefix + parts.join(".");
  }

  /** Whether there was room for it. */
  keep(key: string, item: T): boolean {
    return this.store.set(key, JSON.stringify(item));
  }

  has(key: string): boolean {
    return this.store.get(key) !== null;
  }

  drop(key: string): void {
    this.store.remove(key);
  }

  /** All that is kept, the oldest first; what cannot be understood is cleared away. */
  all(): [key: string, item: T][] {
    const found: [string, T][] = [];
    for (const key of this.store.keys(this.#prefix).sort()) {
      const item = this.understand(parsed(this.store.get(key)));
      if (item === null) this.store.remove(key);
      else found.push([key, item]);
    }
    return found;
  }
}

/** What a text holds; null where a browser that crashed has cut it short. */
export function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
