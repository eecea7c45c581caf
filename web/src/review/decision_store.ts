/** Decisions that are not saved yet, as the browser keeps them. */
import { OutboxStore, parsed } from "../api/outbox_store";
import type { PickDecision } from "../api/schema";
import { browserStore, type Store } from "../state/storage";

export interface Said {
  /** Made by the page: the same review sent again changes nothing. */
  readonly id: string;
  readonly set: number;
  readonly decisions: readonly PickDecision[];
}

/** What the browser kept, or null where it is none. */
function said(value: unknown): Said | null {
  if (typeof value !== "object" || value === null) return null;
  const { id, set, decisions } = value as Partial<Said>;
  if (typeof id !== "string" || typeof set !== "number" || !Array.isArray(decisions)) return null;
  return { id, set, decisions };
}

/** Where decisions on the picks of a project are kept. */
export function decisionStore(project: string, store: Store = browserStore): OutboxStore<Said> {
  const kept = new OutboxStore("decision", project, said, store);
  moveOld(project, kept, store);
  return kept;
}

/** Keys that began so held the project in the value: `nunatak.review.TIME.COUNT.ID`. */
const OLD = "nunatak.review.";

/** Take over what a page of an earlier version left. */
function moveOld(project: string, kept: OutboxStore<Said>, store: Store): void {
  for (const key of store.keys(OLD).sort()) {
    const value = parsed(store.get(key));
    const item = said(value);
    if (item !== null && (value as { project?: unknown }).project !== project) continue;
    const time = Number(key.slice(OLD.length).split(".")[0]);
    if (item === null || kept.keep(kept.newKey(item.id, time), item)) store.remove(key);
  }
}
