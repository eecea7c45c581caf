/** Sets of picks, which of them are shown, and their candidates on the image that is open. */

import { SvelteMap } from "svelte/reactivity";

import { ApiError, changePickSet, getPicks, getPickSets, words } from "../api/client";
import type { PickDecision, PickSetSummary } from "../api/schema";
import { type Candidates, toCandidates, withDecisions } from "../review/candidates";
import { type Choice, follow, isChoice, NOTHING, waiting } from "../review/choice";
import { decisions } from "../review/decisions.svelte";
import { inTurn } from "../review/in_turn";
import { session } from "./project.svelte";
import { settings } from "./settings.svelte";
import { recall, remember } from "./storage";

/** Images whose candidates are held at once. */
const MOST_IMAGES = 24;
/** Between two questions for the same while a run writes picks image by image. */
const PAUSE_MS = 1_000;
const RETRY_MS = 2_000;

class Picks {
  /** All sets, the newest first. */
  sets = $state.raw<readonly PickSetSummary[]>([]);
  /** Whether the sets were read at least once. */
  isLoaded = $state(false);
  /** Why the last question failed; null once one succeeds. */
  problem = $state<string | null>(null);
  /** Rises when the candidates of all sets may be others: something was excluded. */
  exclusions = $state(0);
  /** Of the shown set: moves with the slider before it is saved. */
  threshold = $state(0.5);

  #choice = $state.raw<Choice>(NOTHING);
  readonly shown = $derived(this.sets.find((set) => set.id === this.#choice.shown) ?? null);
  readonly beside = $derived(this.sets.find((set) => set.id === this.#choice.beside) ?? null);
  /** Newer picks, which are put in front once the user leaves the gallery or the comparison. */
  readonly waiting = $derived(waiting(this.#choice, this.sets));
  readonly besideThreshold = $derived(this.beside?.threshold ?? 1);

  readonly #candidates = new SvelteMap<string, Candidates>();
  readonly #loading = new Set<string>();
  readonly #stale = new Set<string>();
  /** The threshold that the user moved and the server has not confirmed yet. */
  #moved: { set: number; threshold: number } | null = null;
  /** Whether saving it failed for want of a connection. */
  #isUnsaved = false;
  readonly #readSets = inTurn(() => this.#loadSets(), PAUSE_MS);

  /** Read the sets and follow the server's events; returns what ends that. */
  start(): () => void {
    this.#choice = recall(choiceKey(), NOTHING, isChoice);
    void this.reload();
    const stops = [
      session.onEvent("picks", (event) => this.#changed(event.id, event.image)),
      session.onEvent("run", () => this.#readSets()),
      // They may have been made for other settings.
      session.onEvent("project", () => this.#readSets()),
      decisions.onSaid((set, said) => this.#said(set, said)),
    ];
    return () => stops.forEach((stop) => stop());
  }

  reload(): Promise<void> {
    return this.#loadSets();
  }

  /** Candidates of the shown set; null while they are on their way. */
  picksOf(image: number): Candidates | null {
    return this.#of(this.shown, image);
  }

  /** Candidates of the set beside. */
  besidePicksOf(image: number): Candidates | null {
    return this.#of(this.beside, image);
  }

  /** Put the newest picks in front, with those shown until now beside them. */
  showNewest(): void {
    this.#choose(follow(this.#choice, this.sets));
  }

  show(set: number): void {
    const { shown, beside, newest } = this.#choice;
    this.#choose({ shown: set, beside: beside === set ? shown : beside, newest });
  }

  showBeside(set: number | null): void {
    const { shown, newest } = this.#choice;
    this.#choose({ shown, beside: set === shown ? null : set, newest });
  }

  /** Save the threshold that the slider was left at; without a connection, once it is back. */
  async saveThreshold(): Promise<void> {
    const set = this.shown;
    if (!set || (this.#moved === null && set.threshold === this.threshold)) return;
    const moved = { set: set.id, threshold: this.threshold };
    this.#moved = moved;
    this.#isUnsaved = false;
    try {
      const saved = await changePickSet(set.id, { threshold: moved.threshold });
      this.sets = this.sets.map((one) => (one.id === saved.id ? saved : one));
      this.problem = null;
    } catch (error) {
      this.problem = `The threshold is not saved: ${words(error)}`;
      this.#isUnsaved = error instanceof ApiError && error.isTemporary;
    }
    if (this.#moved === moved && !this.#isUnsaved) this.#moved = null;
  }

  /** Move the slider; nothing is saved yet. */
  moveThreshold(threshold: number): void {
    this.threshold = threshold;
    if (this.shown) this.#moved = { set: this.shown.id, threshold };
  }

  /** Keep or reject candidates of the shown set. */
  decide(said: readonly PickDecision[]): void {
    if (this.shown) decisions.decide(this.shown.id, said);
  }

  #choose(choice: Choice): void {
    if (choice.shown !== this.#choice.shown) {
      this.#moved = null;
      this.#isUnsaved = false;
    }
    this.#choice = choice;
    remember(choiceKey(), choice);
    this.#followThreshold();
  }

  #followThreshold(): void {
    const set = this.shown;
    if (set && this.#moved?.set !== set.id) this.threshold = set.threshold;
  }

  async #loadSets(): Promise<void> {
    try {
      this.sets = (await getPickSets()).pick_sets;
      this.isLoaded = true;
      this.problem = null;
      this.#choose(follow(this.#choice, this.sets, settings.view !== "image"));
      if (this.#isUnsaved) await this.saveThreshold();
    } catch (error) {
      this.problem = words(error);
    }
  }

  #of(set: PickSetSummary | null, image: number): Candidates | null {
    if (!set) return null;
    const key = `${set.id}:${image}`;
    const found = this.#candidates.get(key) ?? null;
    // In a task of its own, because this may be asked while something is derived.
    if (found === null) queueMicrotask(() => void this.#load(set.id, image));
    return found;
  }

  async #load(set: number, image: number): Promise<void> {
    const key = `${set}:${image}`;
    if (this.#loading.has(key) || (this.#candidates.has(key) && !this.#stale.has(key))) return;
    this.#loading.add(key);
    this.#stale.delete(key);
    const askedAt = Date.now();
    try {
      const answer = await getPicks(set, image);
      const before = this.#candidates.get(key) ?? null;
      const candidates = toCandidates(set, image, answer, before);
      this.#keep(key, withDecisions(candidates, decisions.over(set, askedAt)));
      this.#loading.delete(key);
      if (!this.#isUnsaved) this.problem = null;
    } catch (error) {
      this.problem = words(error);
      // Kept among those loading meanwhile, so that nobody asks at every frame.
      setTimeout(() => {
        this.#loading.delete(key);
        if (session.current?.id === image) void this.#load(set, image);
      }, RETRY_MS);
      return;
    }
    if (this.#stale.has(key)) setTimeout(() => void this.#load(set, image), PAUSE_MS);
  }

  #keep(key: string, candidates: Candidates): void {
    // Put in again at the end, so that the first is the one not asked for the longest.
    this.#candidates.delete(key);
    this.#candidates.set(key, candidates);
    for (const old of this.#candidates.keys()) {
      if (this.#candidates.size <= MOST_IMAGES) break;
      if (old !== key) this.#candidates.delete(old);
    }
  }

  /** The server says that picks changed: of a set, or of all where something was excluded. */
  #changed(set: number | null, image: number | null): void {
    if (set === null) this.exclusions++;
    this.#readSets();
    for (const [key, held] of [...this.#candidates]) {
      if (set !== null && held.set !== set) continue;
      if (image !== null && held.image !== image) continue;
      if (session.current?.id !== held.image) this.#candidates.delete(key);
      else {
        this.#stale.add(key);
        void this.#load(held.set, held.image);
      }
    }
  }

  /** This page's own decisions show at once. */
  #said(set: number, said: readonly PickDecision[]): void {
    const words = new Map(said.map((one) => [one.number, one]));
    for (const [key, held] of [...this.#candidates]) {
      if (held.set === set) this.#candidates.set(key, withDecisions(held, words));
    }
  }
}

/** Where the choice is kept: other projects may be served at the same address later. */
function choiceKey(): string {
  return `picks.${session.projectKey ?? ""}`;
}

export const picks = new Picks();
