/**
 * Edits on their way to the server.
 *
 * Each is kept in the browser until the server says that it is on disk, and is sent in order. It
 * has an id by which the server knows it again, so that sending it twice (after a dropped tunnel,
 * or by two tabs) does it once. Where somebody else changed the image meanwhile, an edit that
 * touches other things is sent again on top; one that touches the same is shown as a conflict.
 */
import { createSubscriber } from "svelte/reactivity";
import { saveEdit } from "./client";
import { EditStore, type Waiting } from "./edit_store";
import { ApiError, words } from "./errors";
import { newId } from "./ids";
import { apply, clashes, itemsOf, touched, type Item, type Items, type Operation } from "./merge";
import type { Edit, Labels, Saved } from "./schema";

export interface EditConflict {
  waiting: Waiting;
  /** What is saved now. */
  labels: Labels;
  /** Ids of what both changed. */
  ids: string[];
}

export interface Refusal {
  waiting: Waiting;
  message: string;
}

/** What became of an edit. */
export interface Outcome {
  image: number;
  /** Of the image's labels now; null where nothing was saved. */
  version: number | null;
  /** Whether the image holds something else than the person saw, and must be read again. */
  stale: boolean;
}

/** What somebody else saved, with the edits of this page that came on top. */
interface Foreign {
  version: number;
  items: Items;
}

type Send = (image: number, edit: Edit) => Promise<Saved>;

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export class EditQueue {
  readonly #send: Send;
  #store: EditStore | null = null;
  #waiting: Waiting[] = [];
  #conflicts: EditConflict[] = [];
  #refusals: Refusal[] = [];
  #problem: string | null = null;
  #isOnline = true;
  /** Waiting edits for which the browser had no room. */
  readonly #unkept = new Set<string>();
  /** Keys that came from the storage: another tab may settle them. */
  readonly #adopted = new Set<string>();
  /** Version that the last edit of this page led to, by image. */
  readonly #versions = new Map<number, number>();
  readonly #foreign = new Map<number, Foreign>();
  readonly #handlers = new Set<(outcome: Outcome) => void>();
  #isBusy = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait_ms = SHORTEST_WAIT_MS;

  readonly #listeners = new Set<() => void>();
  readonly #watch = createSubscriber((update) => {
    this.#listeners.add(update);
    return () => this.#listeners.delete(update);
  });

  constructor(send: Send = saveEdit) {
    this.#send = send;
  }

  /** Edits that are not saved yet. */
  get pending(): number {
    this.#watch();
    return this.#waiting.length;
  }

  /** Whether the server took the last request. */
  get online(): boolean {
    this.#watch();
    return this.#isOnline;
  }

  /** Why edits wait. */
  get problem(): string | null {
    this.#watch();
    return this.#problem;
  }

  /** Whether closing the page now would lose edits, because the browser has no room for them. */
  get hasUnkept(): boolean {
    this.#watch();
    return this.#unkept.size > 0;
  }

  get conflicts(): readonly EditConflict[] {
    this.#watch();
    return this.#conflicts;
  }

  /** Edits that the server will never take. */
  get refusals(): readonly Refusal[] {
    this.#watch();
    return this.#refusals;
  }

  /** Begin, with the edits that an earlier page of this project left. */
  start(store: EditStore): void {
    this.#store = store;
    const mine = this.#waiting;
    for (const one of mine) this.#keep(one);
    const known = new Set(mine.map((one) => one.edit.id));
    const left = store.all().filter((one) => !known.has(one.edit.id));
    for (const one of left) this.#adopted.add(one.key);
    this.#waiting = [...left, ...mine];
    this.#tell();
    void this.#work();
  }

  /**
   * Save operations; returns the edit's id.
   *
   * @param before what they touch, as the person saw it: things that are new are not in it. It
   *   decides whether the edit still fits what somebody else saved.
   */
  submit(
    image: number,
    base_version: number,
    operations: Operation[],
    before: readonly Item[] = [],
  ): string {
    const edit: Edit = { id: newId(), base_version, operations };
    const key = this.#store?.newKey(edit.id) ?? "";
    const waiting: Waiting = { image, edit, before: [...before], key };
    this.#waiting.push(waiting);
    this.#keep(waiting);
    this.#tell();
    void this.#work();
    return edit.id;
  }

  /** Operations of an image that are not saved yet, in order: to show on top of what is. */
  pendingOf(image: number): Operation[] {
    this.#watch();
    return this.#waiting
      .filter((one) => one.image === image)
      .flatMap((one) => one.edit.operations as Operation[]);
  }

  /** Be told what became of each edit; returns the undo. */
  onOutcome(handler: (outcome: Outcome) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Try at once: the connection is back. */
  hurry(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wait_ms = SHORTEST_WAIT_MS;
    void this.#work();
  }

  /** Settle a conflict: do the edit on top of what is saved, whatever somebody else did. */
  keepMine(conflict: EditConflict): void {
    this.#conflicts = this.#conflicts.filter((one) => one !== conflict);
    const { waiting } = conflict;
    const now = itemsOf(conflict.labels);
    const ids = touched(waiting.edit.operations as Operation[]);
    waiting.before = ids.flatMap((id) => now.get(id) ?? []);
    waiting.edit = { ...waiting.edit, base_version: conflict.labels.version };
    this.#waiting.push(waiting);
    this.#keep(waiting);
    this.#tell();
    void this.#work();
  }

  /** Settle a conflict: leave what is saved as it is. */
  takeTheirs(conflict: EditConflict): void {
    this.#conflicts = this.#conflicts.filter((one) => one !== conflict);
    this.#forget(conflict.waiting);
    this.#settled({ image: conflict.waiting.image, version: null, stale: true });
  }

  /** Take a refusal off the list once a person has read it. */
  dismiss(refusal: Refusal): void {
    this.#refusals = this.#refusals.filter((one) => one !== refusal);
    this.#tell();
  }

  #keep(waiting: Waiting): void {
    if (!this.#store) return;
    if (waiting.key === "") waiting.key = this.#store.newKey(waiting.edit.id);
    if (this.#store.keep(waiting)) this.#unkept.delete(waiting.edit.id);
    else this.#unkept.add(waiting.edit.id);
  }

  #forget(waiting: Waiting): void {
    this.#store?.drop(waiting);
    this.#unkept.delete(waiting.edit.id);
    this.#adopted.delete(waiting.key);
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
    // Room that became free may do for one that had none.
    for (const one of this.#waiting) if (this.#unkept.has(one.edit.id)) this.#keep(one);
  }

  async #work(): Promise<void> {
    if (this.#isBusy || this.#timer || !this.#store) return;
    this.#isBusy = true;
    try {
      for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
        if (!(await this.#attempt(next))) break;
      }
    } finally {
      this.#isBusy = false;
    }
  }

  /** Send one edit; returns whether the next may follow at once. */
  async #attempt(waiting: Waiting): Promise<boolean> {
    const { image, edit } = waiting;
    if (this.#adopted.has(waiting.key) && !this.#store?.has(waiting)) {
      // The tab that it came from has saved it.
      this.#forget(waiting);
      this.#settled({ image, version: null, stale: true });
      return true;
    }
    const foreign = this.#foreign.get(image);
    if (foreign && edit.base_version < foreign.version && this.#clashed(waiting, foreign)) {
      return true;
    }
    const base_version = Math.max(edit.base_version, this.#versions.get(image) ?? 0);
    let saved: Saved;
    try {
      saved = await this.#send(image, { ...edit, base_version });
    } catch (error) {
      return this.#failed(waiting, base_version, error);
    }
    this.#isOnline = true;
    this.#problem = null;
    this.#wait_ms = SHORTEST_WAIT_MS;
    // More than one step further, somebody else's edit lies between: the next is compared again.
    if (saved.version === base_version + 1) this.#versions.set(image, saved.version);
    else this.#versions.delete(image);
    if (foreign) apply(foreign.items, edit.operations as Operation[]);
    const isMerged = foreign !== undefined && edit.base_version < foreign.version;
    const stale = isMerged || this.#adopted.has(waiting.key);
    this.#forget(waiting);
    this.#settled({ image, version: saved.version, stale });
    return true;
  }

  #clashed(waiting: Waiting, foreign: Foreign): boolean {
    const operations = waiting.edit.operations as Operation[];
    const ids = clashes(operations, waiting.before, foreign.items);
    if (ids.length === 0) return false;
    const items = [...foreign.items.values()];
    const labels: Labels = {
      image: waiting.image,
      version: Math.max(foreign.version, this.#versions.get(waiting.image) ?? 0),
      points: items.filter((item) => !("outline" in item)) as Labels["points"],
      regions: items.filter((item) => "outline" in item) as Labels["regions"],
    };
    // It stays in the storage until a person settles it.
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
    this.#conflicts = [...this.#conflicts, { waiting, labels, ids }];
    this.#settled({ image: waiting.image, version: null, stale: true });
    return true;
  }

  #failed(waiting: Waiting, base_version: number, error: unknown): boolean {
    if (!(error instanceof ApiError) || error.isTemporary || error.status === 403) {
      this.#isOnline = !(error instanceof ApiError && error.status === 0);
      this.#later(words(error));
      return false;
    }
    this.#isOnline = true;
    if (error.status === 401) {
      // Nothing is lost: the page sends them when it is opened with a valid address.
      this.#problem = error.message;
      this.#tell();
      return false;
    }
    const labels = (error.body as { labels?: Labels } | null)?.labels;
    // A conflict with the very version that was named would come again for ever.
    if (error.status === 409 && labels && labels.version !== base_version) {
      this.#foreign.set(waiting.image, { version: labels.version, items: itemsOf(labels) });
      this.#versions.set(waiting.image, labels.version);
      return true;
    }
    this.#refusals = [...this.#refusals, { waiting, message: error.message }];
    this.#forget(waiting);
    this.#settled({ image: waiting.image, version: null, stale: true });
    return true;
  }

  #later(problem: string): void {
    this.#problem = problem;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#work();
    }, this.#wait_ms);
    this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
    this.#tell();
  }

  #settled(outcome: Outcome): void {
    this.#tell();
    for (const handler of this.#handlers) handler(outcome);
  }

  #tell(): void {
    for (const update of this.#listeners) update();
  }
}

export const editQueue = new EditQueue();
