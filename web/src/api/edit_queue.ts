/**
 * Edits of labels on their way to the server.
 *
 * Where somebody else changed the image meanwhile, an edit that touches other things is sent again
 * on top; one that touches the same is shown as a conflict.
 */
import { createSubscriber } from "svelte/reactivity";
import { browserStore, type Store } from "../state/storage";
import type { Delivery, End } from "./carrier";
import { saveEdit } from "./client";
import { newId } from "./ids";
import { madeEdit, operationsOf, type MadeEdit } from "./made_edit";
import { Meanwhile, type Clash } from "./meanwhile";
import { itemsOf, touched, type Item, type Operation } from "./operations";
import { Outbox } from "./outbox";
import { OutboxStore } from "./outbox_store";
import type { Edit, Saved } from "./schema";

export interface EditConflict extends Clash {
  readonly waiting: MadeEdit;
}

export interface Refusal {
  readonly waiting: MadeEdit;
  readonly message: string;
}

/** What became of an edit. */
export interface Outcome {
  image: number;
  /** Of the image's labels now; null where nothing was saved. */
  version: number | null;
  /** Whether the image holds something else than the person saw, and must be read again. */
  stale: boolean;
}

/** What an answer says of an edit that was saved. */
interface Done {
  readonly version: number;
  /** Whether it came on top of somebody else's. */
  readonly isMerged: boolean;
}

type Send = (image: number, edit: Edit) => Promise<Saved>;

export class EditQueue {
  readonly outbox = new Outbox<MadeEdit, Done>({
    idOf: (made) => made.edit.id,
    deliver: (made) => this.#deliver(made),
    ended: (made, end) => this.#ended(made, end),
  });
  readonly #meanwhile = new Meanwhile();
  #conflicts: readonly EditConflict[] = [];
  #refusals: readonly Refusal[] = [];
  readonly #handlers = new Set<(outcome: Outcome) => void>();
  readonly #watch = createSubscriber((update) => this.outbox.onChange(update));

  constructor(private readonly send: Send = saveEdit) {}

  /** Edits that are not saved yet. */
  get pending(): number {
    this.#watch();
    return this.outbox.waiting.length;
  }

  /** Whether the server took the last request. */
  get online(): boolean {
    this.#watch();
    return this.outbox.isOnline;
  }

  /** Why edits wait. */
  get problem(): string | null {
    this.#watch();
    return this.outbox.problem;
  }

  /** Whether closing the page now would lose edits, because the browser has no room for them. */
  get hasUnkept(): boolean {
    this.#watch();
    return this.outbox.hasUnkept;
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
  start(project: string, store: Store = browserStore): void {
    this.outbox.start(new OutboxStore("edit", project, madeEdit, store));
  }

  /**
   * Save operations; returns the edit's id.
   *
   * @param before what they touch, as the person saw it, which decides whether the edit still fits
   *   what somebody else saved.
   */
  submit(
    image: number,
    base_version: number,
    operations: Operation[],
    before: readonly Item[] = [],
  ): string {
    const edit: Edit = { id: newId(), base_version, operations };
    this.outbox.submit({ image, edit, before });
    return edit.id;
  }

  /** Operations of an image that are not saved yet, in order: to show on top of what is. */
  pendingOf(image: number): Operation[] {
    this.#watch();
    return this.outbox.waiting.filter((made) => made.image === image).flatMap(operationsOf);
  }

  /** Be told what became of each edit; returns the undo. */
  onOutcome(handler: (outcome: Outcome) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Settle a conflict: do the edit on top of what is saved, whatever somebody else did. */
  keepMine(conflict: EditConflict): void {
    this.#conflicts = this.#conflicts.filter((one) => one !== conflict);
    const { waiting, labels } = conflict;
    const before = touched(itemsOf(labels), operationsOf(waiting));
    const edit = { ...waiting.edit, base_version: labels.version };
    this.#meanwhile.settled(waiting);
    this.outbox.discard(waiting);
    this.outbox.submit({ ...waiting, edit, before });
  }

  /** Settle a conflict: leave what is saved as it is. */
  takeTheirs(conflict: EditConflict): void {
    this.#conflicts = this.#conflicts.filter((one) => one !== conflict);
    this.outbox.discard(conflict.waiting);
    this.#tell({ image: conflict.waiting.image, version: null, stale: true });
  }

  /** Take a refusal off the list once a person has read it. */
  dismiss(refusal: Refusal): void {
    this.#refusals = this.#refusals.filter((one) => one !== refusal);
    this.outbox.tell();
  }

  async #deliver(waiting: MadeEdit): Promise<Delivery<Done>> {
    const clash = this.#meanwhile.clashOf(waiting);
    if (clash !== null) {
      this.#conflicts = [...this.#conflicts, { ...clash, waiting }];
      return { kind: "aside" };
    }
    const base_version = this.#meanwhile.baseOf(waiting);
    const isMerged = this.#meanwhile.isForeign(waiting);
    try {
      const { version } = await this.send(waiting.image, { ...waiting.edit, base_version });
      this.#meanwhile.saved(waiting, base_version, version);
      return { kind: "saved", result: { version, isMerged } };
    } catch (error) {
      if (!this.#meanwhile.learnt(waiting, error, base_version)) throw error;
      return { kind: "again" };
    }
  }

  #ended(waiting: MadeEdit, end: End<Done>): void {
    if (end.kind === "refused") {
      this.#refusals = [...this.#refusals, { waiting, message: end.message }];
    }
    if (end.kind === "elsewhere") {
      this.#conflicts = this.#conflicts.filter((one) => one.waiting !== waiting);
    }
    const { image } = waiting;
    if (end.kind === "saved") {
      const { version, isMerged } = end.result;
      this.#tell({ image, version, stale: isMerged || !end.isMine });
    } else this.#tell({ image, version: null, stale: true });
  }

  #tell(outcome: Outcome): void {
    for (const handler of this.#handlers) handler(outcome);
  }
}

export const editQueue = new EditQueue();
