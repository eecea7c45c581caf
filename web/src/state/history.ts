/** The way back from each edit of an image, and forth again. */
import { inverse, type Items, type Operation } from "../api/operations";

interface Step {
  readonly undo: readonly Operation[];
  readonly redo: readonly Operation[];
}

/** Steps back and forth on one image, without limit. */
export class History {
  readonly #done: Step[] = [];
  #undone: Step[] = [];

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Remember operations that are about to change these labels. */
  add(before: Items, operations: readonly Operation[]): void {
    this.#done.push({ undo: inverse(before, operations), redo: operations });
    this.#undone = [];
  }

  /** Operations that take the last step back; null without one. */
  undo(): readonly Operation[] | null {
    const step = this.#done.pop();
    if (step === undefined) return null;
    this.#undone.push(step);
    return step.undo;
  }

  /** Operations of the step taken back last; null without one. */
  redo(): readonly Operation[] | null {
    const step = this.#undone.pop();
    if (step === undefined) return null;
    this.#done.push(step);
    return step.redo;
  }
}
