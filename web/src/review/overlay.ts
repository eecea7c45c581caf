/** Decisions of this page laid over what the server sends, until the server surely knows them. */

import type { PickDecision } from "../api/schema";

interface Entry {
  readonly said: PickDecision;
  /** When the server had it on disk; null before. */
  savedAt: number | null;
}

export class Overlay {
  readonly #entries = new Map<string, Entry>();

  /** Remember what is on its way. */
  add(set: number, decisions: readonly PickDecision[]): void {
    for (const said of decisions) {
      this.#entries.set(`${set}:${said.number}`, { said, savedAt: null });
    }
  }

  /** The server has these on disk, unless another word was said since. */
  saved(set: number, decisions: readonly PickDecision[], now: number): void {
    for (const said of decisions) {
      const entry = this.#entries.get(`${set}:${said.number}`);
      if (entry && isSameWord(entry.said, said)) entry.savedAt = now;
    }
  }

  /** The server does not take these. */
  drop(set: number, decisions: readonly PickDecision[]): void {
    for (const said of decisions) {
      const key = `${set}:${said.number}`;
      const entry = this.#entries.get(key);
      if (entry && isSameWord(entry.said, said)) this.#entries.delete(key);
    }
  }

  /** The word on a candidate that an answer, asked for at `askedAt`, may not hold yet. */
  over(set: number, number: number, askedAt: number): PickDecision | null {
    const entry = this.#entries.get(`${set}:${number}`);
    if (!entry) return null;
    return entry.savedAt === null || entry.savedAt >= askedAt ? entry.said : null;
  }

  /** All such words on the candidates of a set. */
  allOver(set: number, askedAt: number): Map<number, PickDecision["decision"]> {
    const found = new Map<number, PickDecision["decision"]>();
    for (const [key, entry] of this.#entries) {
      if (!key.startsWith(`${set}:`)) continue;
      if (entry.savedAt === null || entry.savedAt >= askedAt) {
        found.set(entry.said.number, entry.said.decision);
      }
    }
    return found;
  }
}

function isSameWord(first: PickDecision, second: PickDecision): boolean {
  return first.decision === second.decision && (first.reason ?? null) === (second.reason ?? null);
}
