/** What a person says of candidates: shown at once, sent until saved, undone without limit. */

import { ApiError, saveReview, words } from "../api/client";
import { newId } from "../api/ids";
import type { PickDecision } from "../api/schema";
import { browserStore } from "../state/storage";
import { DecisionQueue, type Outcome } from "./decision_queue";
import { KeptDecisions, type Waiting } from "./decision_store";
import { Overlay } from "./overlay";

interface Step {
  readonly set: number;
  readonly before: readonly PickDecision[];
  readonly after: readonly PickDecision[];
}

type SaidHandler = (set: number, said: readonly PickDecision[]) => void;

/** Answers that will be the same however often the question is put. */
const FOR_GOOD = new Set([400, 404, 409, 413, 422]);

async function send(waiting: Waiting): Promise<Outcome> {
  try {
    await saveReview(waiting.set, { id: waiting.id, decisions: [...waiting.decisions] });
    return { kind: "saved" };
  } catch (error) {
    const isFinal = error instanceof ApiError && FOR_GOOD.has(error.status);
    return { kind: isFinal ? "refused" : "again", message: words(error) };
  }
}

class Decisions {
  /** Decisions that the server has not confirmed. */
  waiting = $state(0);
  /** Why they are not saved yet. */
  problem = $state<string | null>(null);
  /** Whether some would be lost with this page, because the browser has no room for them. */
  hasUnkept = $state(false);
  /** What the server did not take, and why. */
  refusal = $state<string | null>(null);
  canUndo = $state(false);
  canRedo = $state(false);

  readonly #overlay = new Overlay();
  readonly #handlers = new Set<SaidHandler>();
  #done: Step[] = [];
  #undone: Step[] = [];
  readonly #store = new KeptDecisions(browserStore);
  readonly #queue = new DecisionQueue(
    send,
    this.#store,
    {
      saved: (one) => this.#overlay.saved(one.set, one.decisions, Date.now()),
      refused: (one, message) => this.#refused(one, message),
      changed: () => this.#changed(),
    },
    newId,
  );

  /** Send what an earlier page of this project could not; returns what ends it. */
  start(project: string): () => void {
    this.#store.project = project;
    for (const one of this.#store.list()) this.#overlay.add(one.set, one.decisions);
    this.#queue.resume();
    const hurry = (): void => this.#queue.hurry();
    window.addEventListener("online", hurry);
    return () => window.removeEventListener("online", hurry);
  }

  /** Be told of every decision as it is made; returns what ends that. */
  onSaid(handler: SaidHandler): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Decide; `before` are the words until now, for undoing. */
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
    this.#say(set, after);
  }

  /** Take the last decision back; returns what it was about. */
  undo(): PickDecision[] {
    const step = this.#done.pop();
    if (!step) return [];
    this.#undone.push(step);
    this.#say(step.set, step.before);
    return [...step.before];
  }

  redo(): PickDecision[] {
    const step = this.#undone.pop();
    if (!step) return [];
    this.#done.push(step);
    this.#say(step.set, step.after);
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
    return this.#queue.settled();
  }

  /** Ask something while all decisions are on disk and no other is on its way. */
  standingStill<T>(ask: () => Promise<T>): Promise<T> {
    return this.#queue.standingStill(ask);
  }

  #say(set: number, said: readonly PickDecision[]): void {
    this.#overlay.add(set, said);
    this.#queue.submit(set, said);
    for (const handler of this.#handlers) handler(set, said);
  }

  #refused(one: Waiting, message: string): void {
    this.#overlay.drop(one.set, one.decisions);
    this.refusal = message;
  }

  #changed(): void {
    this.waiting = this.#queue.waiting.reduce((sum, one) => sum + one.decisions.length, 0);
    this.problem = this.#queue.problem;
    this.hasUnkept = this.#queue.hasUnkept;
    this.canUndo = this.#done.length > 0;
    this.canRedo = this.#undone.length > 0;
  }
}

export const decisions = new Decisions();
