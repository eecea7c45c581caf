/** What a person says of candidates: shown at once, sent until saved, undone without limit. */

import type { Delivery, End } from "../api/carrier";
import { saveReview } from "../api/client";
import { newId } from "../api/ids";
import type { PickDecision } from "../api/schema";
import { conflictOf, insisting, seeing, without, type DecisionConflict } from "./decision_conflict";
import { DecisionQueue } from "./decision_queue";
import { decisionStore, type Said } from "./decision_store";
import { Overlay } from "./overlay";

interface Step {
  readonly set: number;
  readonly before: readonly PickDecision[];
  readonly after: readonly PickDecision[];
}

type SaidHandler = (set: number, said: readonly PickDecision[]) => void;

class Decisions {
  /** Decisions that the server has not confirmed. */
  waiting = $state(0);
  /** Why they are not saved yet. */
  problem = $state<string | null>(null);
  /** Whether some would be lost with this page, because the browser has no room for them. */
  hasUnkept = $state(false);
  /** What the server did not take, and why. */
  refusal = $state<string | null>(null);
  /** What would replace words of others that this page had not seen. */
  conflicts = $state.raw<readonly DecisionConflict[]>([]);
  canUndo = $state(false);
  canRedo = $state(false);

  readonly #overlay = new Overlay();
  readonly #handlers = new Set<SaidHandler>();
  #done: Step[] = [];
  #undone: Step[] = [];
  readonly #queue = new DecisionQueue(
    { deliver: (said) => this.#deliver(said), ended: (said, end) => this.#ended(said, end) },
    newId,
  );
  readonly outbox = this.#queue.outbox;

  constructor() {
    this.outbox.onChange(() => this.#changed());
  }

  /** Begin, with what an earlier page of this project left. */
  start(project: string): void {
    this.outbox.start(decisionStore(project));
    this.#showAdopted();
  }

  /** Send also what a tab has left that is closed now. */
  adopt(): void {
    this.outbox.adopt();
    this.#showAdopted();
  }

  /** Be told of every decision as it is made; returns what ends that. */
  onSaid(handler: SaidHandler): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Decide; `before` are the words until now, for undoing, and lest others are replaced unseen. */
  decide(
    set: number,
    after: readonly PickDecision[],
    before: readonly PickDecision[] | null = null,
  ): void {
    if (after.length === 0) return;
    if (before) {
      this.#done.push({ set, before, after });
      this.#undone = [];
    }
    this.#say(set, before ? seeing(after, before) : after);
  }

  /** Take the last decision back; returns what it was about. */
  undo(): PickDecision[] {
    const step = this.#done.pop();
    if (!step) return [];
    this.#undone.push(step);
    this.#say(step.set, seeing(step.before, step.after));
    return [...step.before];
  }

  redo(): PickDecision[] {
    const step = this.#undone.pop();
    if (!step) return [];
    this.#done.push(step);
    this.#say(step.set, seeing(step.after, step.before));
    return [...step.after];
  }

  /** Words that an answer, asked for at `askedAt`, may not hold yet, by candidate. */
  over(set: number, askedAt: number): Map<number, PickDecision["decision"]> {
    return this.#overlay.allOver(set, askedAt);
  }

  overOne(set: number, number: number, askedAt: number): PickDecision | null {
    return this.#overlay.over(set, number, askedAt);
  }

  /** Resolves once what was decided is on disk, or cannot be saved for now. */
  settled(): Promise<void> {
    return this.outbox.settled();
  }

  /** Ask something while all decisions are on disk and no other is on its way. */
  standingStill<T>(ask: () => Promise<T>): Promise<T> {
    return this.#queue.standingStill(ask);
  }

  /** Settle a conflict: decide as this page did, whatever somebody else said. */
  keepMine(conflict: DecisionConflict): void {
    this.#say(conflict.said.set, insisting(conflict));
  }

  /** Settle a conflict: leave what is saved as it is. */
  takeTheirs(conflict: DecisionConflict): void {
    this.#settle(conflict.said.set, conflict.mine);
  }

  /** Whoever decides anew on candidates is not asked about them any more. */
  #settle(set: number, said: readonly PickDecision[]): void {
    const numbers = new Set(said.map((one) => one.number));
    const before = this.conflicts;
    this.conflicts = before.flatMap((one) =>
      one.said.set === set ? (without(one, numbers) ?? []) : [one],
    );
    const left = new Set(this.conflicts.map((one) => one.said));
    for (const one of before) if (!left.has(one.said)) this.outbox.discard(one.said);
  }

  async #deliver(said: Said): Promise<Delivery<void>> {
    try {
      await saveReview(said.set, { id: said.id, decisions: [...said.decisions] });
      return { kind: "saved", result: undefined };
    } catch (error) {
      const conflict = conflictOf(said, error);
      if (conflict === null) throw error;
      this.#takeAside(conflict);
      return { kind: "aside" };
    }
  }

  /** Show what others said, ask about it, and save what nobody else decided on. */
  #takeAside(conflict: DecisionConflict): void {
    const { said, mine, present } = conflict;
    this.conflicts = [...this.conflicts, conflict];
    this.#overlay.drop(said.set, mine);
    // Where this page decided once more since, its later word is shown, and asked about in turn.
    const shown = present.filter((one) => this.#overlay.over(said.set, one.number, 0) === null);
    for (const handler of this.#handlers) handler(said.set, shown);
    const later = this.outbox.waiting.filter((one) => one !== said && one.set === said.set);
    const settled = new Set([...mine, ...later.flatMap((one) => one.decisions)].map(numberOf));
    this.#queue.submit(
      said.set,
      said.decisions.filter((one) => !settled.has(one.number)),
    );
  }

  #say(set: number, said: readonly PickDecision[]): void {
    this.#settle(set, said);
    this.#overlay.add(set, said);
    this.#queue.submit(set, said);
    for (const handler of this.#handlers) handler(set, said);
  }

  /** What came from the storage and is not saved yet was said without this page. */
  #showAdopted(): void {
    for (const one of this.outbox.waiting) this.#overlay.add(one.set, one.decisions);
  }

  #ended(said: Said, end: End<void>): void {
    const { set, decisions } = said;
    if (end.kind === "aside") return;
    this.conflicts = this.conflicts.filter((one) => one.said !== said);
    if (end.kind === "refused") {
      this.#overlay.drop(set, decisions);
      this.refusal = end.message;
    } else this.#overlay.saved(set, decisions, Date.now());
  }

  #changed(): void {
    this.waiting = this.outbox.waiting.reduce((sum, one) => sum + one.decisions.length, 0);
    this.problem = this.outbox.problem;
    this.hasUnkept = this.outbox.hasUnkept;
    this.canUndo = this.#done.length > 0;
    this.canRedo = this.#undone.length > 0;
  }
}

const numberOf = (one: { number: number }): number => one.number;

export const decisions = new Decisions();
