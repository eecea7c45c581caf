/** Edits that are not saved yet, in the browser's storage: one entry each, so that two tabs of one
 * project never overwrite each other's. */
import { browserStore, type Store } from "../state/storage";
import type { Item } from "./merge";
import type { Edit } from "./schema";

export interface Waiting {
  image: number;
  edit: Edit;
  /** What the edit touches, as the person saw it. */
  before: Item[];
  /** Its place in the order: the key in the storage. */
  key: string;
}

const PREFIX = "nunatak.edit";

function isWaiting(value: unknown): value is Omit<Waiting, "key"> {
  if (typeof value !== "object" || value === null) return false;
  const { image, edit, before } = value as Partial<Waiting>;
  return (
    typeof image === "number" &&
    typeof edit?.id === "string" &&
    typeof edit.base_version === "number" &&
    Array.isArray(edit.operations) &&
    Array.isArray(before)
  );
}

export class EditStore {
  #count = 0;

  /** @param project which project's edits: those of another are neither read nor touched. */
  constructor(
    private readonly project: string,
    private readonly store: Store = browserStore,
  ) {}

  /** A key that sorts behind all that were given out before. */
  newKey(id: string): string {
    const time = String(Date.now()).padStart(15, "0");
    const count = String(this.#count++).padStart(8, "0");
    return `${PREFIX}.${this.project}.${time}.${count}.${id}`;
  }

  /** Whether there was room for it. */
  keep(waiting: Waiting): boolean {
    const { image, edit, before } = waiting;
    return this.store.set(waiting.key, JSON.stringify({ image, edit, before }));
  }

  has(waiting: Waiting): boolean {
    return this.store.get(waiting.key) !== null;
  }

  drop(waiting: Waiting): void {
    this.store.remove(waiting.key);
  }

  /** All that is kept, the oldest first; what cannot be understood is left out. */
  all(): Waiting[] {
    const found: Waiting[] = [];
    for (const key of this.store.keys(`${PREFIX}.${this.project}.`).sort()) {
      try {
        const value: unknown = JSON.parse(this.store.get(key) ?? "null");
        if (isWaiting(value)) found.push({ ...value, key });
      } catch {
        // Cut short by a browser that crashed: there is nothing to send.
      }
    }
    return found;
  }
}
