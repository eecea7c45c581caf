/** All that a person did and the server does not have yet: edits of labels, and decisions. */
import { editQueue } from "../api/edit_queue";
import { decisions } from "../review/decisions.svelte";
import { browserStore } from "./storage";

/** Changes in the storage when a tab of the project is closed before all is saved. */
const left = (project: string) => `nunatak.left.${project}`;

const outboxes = [editQueue.outbox, decisions.outbox];
/** Our project. */
let ours: string | null = null;

export const saving = {
  get waiting(): number {
    return editQueue.pending + decisions.waiting;
  },

  /** Why it waits. */
  get problem(): string | null {
    return editQueue.problem ?? decisions.problem;
  },

  /** Whether some of it would be lost with this page: the browser has no room to keep it. */
  get hasUnkept(): boolean {
    return editQueue.hasUnkept || decisions.hasUnkept;
  },

  /** Begin; returns how much an earlier page of the project left, which is sent first. */
  start(project: string): number {
    ours = project;
    const before = this.waiting;
    editQueue.start(project);
    decisions.start(project);
    return this.waiting - before;
  },

  /** Try at once: the connection is back. */
  hurry(): void {
    for (const outbox of outboxes) outbox.hurry();
  },

  /** Tell the other tabs that this one is closed: they send what it leaves. */
  leave(): void {
    if (ours !== null && this.waiting > 0) browserStore.set(left(ours), String(Date.now()));
  },

  /** Another tab has changed the storage: it has settled something, or leaves something. */
  heard({ key, newValue }: Pick<StorageEvent, "key" | "newValue">): void {
    if (key === null || ours === null) return;
    if (newValue === null) {
      for (const outbox of outboxes) outbox.removed(key);
    } else if (key === left(ours)) {
      editQueue.outbox.adopt();
      decisions.adopt();
    }
  },

  /** Resolves once all is saved, or cannot be for now. */
  async settled(): Promise<void> {
    await Promise.all(outboxes.map((outbox) => outbox.settled()));
  },
};
