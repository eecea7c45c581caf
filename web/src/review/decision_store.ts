/** Decisions that are not saved yet, kept where a reload of the page finds them. */

import type { PickDecision } from "../api/schema";
import type { Store } from "../state/storage";

export interface Waiting {
  /** Made by the page: the same review sent again changes nothing. */
  readonly id: string;
  readonly set: number;
  readonly decisions: readonly PickDecision[];
}

export interface DecisionStore {
  /** What waits, oldest first. */
  list(): Waiting[];
  /** False where there is no room: then the decision lasts only as long as the page. */
  put(waiting: Waiting): boolean;
  remove(id: string): void;
}

const PREFIX = "nunatak.review.";

/** As it is written: with the project, because others may be served at the same address later. */
interface Written extends Waiting {
  readonly project: string;
}

function isWritten(value: unknown): value is Written {
  if (typeof value !== "object" || value === null) return false;
  const { id, set, decisions, project } = value as Record<string, unknown>;
  return (
    typeof id === "string" &&
    typeof set === "number" &&
    Array.isArray(decisions) &&
    typeof project === "string"
  );
}

/**
 * A key for each review, so that two tabs never write over each other's.
 *
 * A tab finds those of another too and sends them again, which does no harm: the server knows
 * them by their ids.
 */
export class KeptDecisions implements DecisionStore {
  readonly #store: Store;
  readonly #keys = new Map<string, string>();
  readonly #now: () => number;
  #count = 0;
  /** Whose decisions are listed and put; those of other projects are left alone. */
  project = "";

  constructor(store: Store, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  list(): Waiting[] {
    const found: Waiting[] = [];
    for (const key of this.#store.keys(PREFIX).sort()) {
      const written = this.#read(key);
      if (written === null) this.#store.remove(key);
      if (written?.project !== this.project) continue;
      const { id, set, decisions } = written;
      this.#keys.set(id, key);
      found.push({ id, set, decisions });
    }
    return found;
  }

  put(waiting: Waiting): boolean {
    const time = String(this.#now()).padStart(16, "0");
    const count = String(this.#count++).padStart(9, "0");
    const key = `${PREFIX}${time}.${count}.${waiting.id}`;
    this.#keys.set(waiting.id, key);
    return this.#store.set(key, JSON.stringify({ ...waiting, project: this.project }));
  }

  remove(id: string): void {
    const key = this.#keys.get(id);
    if (key === undefined) return;
    this.#keys.delete(id);
    this.#store.remove(key);
  }

  #read(key: string): Written | null {
    try {
      const value: unknown = JSON.parse(this.#store.get(key) ?? "null");
      return isWritten(value) ? value : null;
    } catch {
      return null;
    }
  }
}
