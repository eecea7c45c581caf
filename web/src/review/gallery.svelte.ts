/** The gallery that is open: its items, by pages as they come into sight, and decisions on them. */

import { SvelteMap } from "svelte/reactivity";

import { getGallery, words, type GalleryQuery } from "../api/client";
import type { GalleryItem, PickDecision } from "../api/schema";
import { decisions } from "./decisions.svelte";
import { hasChanged, serverOffset } from "./gallery_paging";
import { PAGE, pagesOf, type Span } from "./sheets";

export type GalleryFilter = Omit<GalleryQuery, "offset" | "limit">;

/** Pages asked for at once. */
const AT_ONCE = 2;

class Gallery {
  set = $state<number | null>(null);
  /** Items in the whole gallery; null until the first page is there. */
  total = $state<number | null>(null);
  problem = $state<string | null>(null);
  /** Whether picks or decisions changed elsewhere, so that what is shown is not the newest. */
  isOutdated = $state(false);

  readonly pages = new SvelteMap<number, readonly GalleryItem[]>();
  #filter: GalleryFilter = {};
  /** Places that are no longer in the server's list: decided in a gallery of the undecided. */
  readonly #gone = new Set<number>();
  readonly #loading = new Map<number, { asking: AbortController; done: Promise<void> }>();
  #wanted: number[] = [];
  /** Rises whenever another gallery is opened, so that late answers for the old one are dropped. */
  #turn = 0;

  /** Show another gallery from its beginning. */
  open(set: number, filter: GalleryFilter): void {
    this.#turn++;
    for (const { asking } of this.#loading.values()) asking.abort();
    this.#loading.clear();
    this.#gone.clear();
    this.pages.clear();
    this.set = set;
    this.#filter = filter;
    this.total = null;
    this.problem = null;
    this.isOutdated = false;
    this.#wanted = [0];
    this.#work();
  }

  item(place: number): GalleryItem | null {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE] ?? null;
  }

  /** Load what is in sight; what no longer is, and has not been asked for yet, is forgotten. */
  want(span: Span): void {
    this.#wanted = pagesOf(span).filter((page) => !this.pages.has(page));
    this.#work();
  }

  /** Try again what failed. */
  retry(): void {
    this.problem = null;
    this.#work();
  }

  /** All items at these places, loaded if they must be; those that cannot be had are left out. */
  async itemsAt(places: readonly number[]): Promise<{ place: number; item: GalleryItem }[]> {
    const turn = this.#turn;
    const pages = new Set(places.map((place) => Math.floor(place / PAGE)));
    for (const page of pages) await this.#load(page);
    if (turn !== this.#turn) return [];
    return places.flatMap((place) => {
      const item = this.item(place);
      return item ? [{ place, item }] : [];
    });
  }

  /** Keep or reject what is at these places, or take the word back (null). */
  async decide(
    places: readonly number[],
    decision: PickDecision["decision"],
    reason: string | null = null,
  ): Promise<void> {
    const set = this.set;
    const found = await this.itemsAt(places);
    if (set === null || found.length === 0) return;
    const after = found.map(({ item }) => ({ number: item.number, decision, reason }));
    const before = found.map(({ item: { number, decision: word, reason: why } }) => ({
      number,
      decision: word,
      reason: why,
    }));
    decisions.decide(set, after, before);
  }

  /** A decision was made, here or on the image, or was taken back: show it. */
  said(set: number, said: readonly PickDecision[]): void {
    if (set !== this.set) return;
    const wordOf = new Map(said.map((one) => [one.number, one]));
    for (const [page, items] of this.pages) {
      if (!items.some((item) => wordOf.has(item.number))) continue;
      this.pages.set(page, items.map((item, index) => {
        const word = wordOf.get(item.number);
        if (!word) return item;
        this.#leave(page * PAGE + index, word.decision);
        return { ...item, decision: word.decision, reason: word.reason ?? null };
      }));
    }
  }

  /** The place of a candidate among those loaded, or null. */
  placeOf(number: number): number | null {
    for (const [page, items] of this.pages) {
      const index = items.findIndex((item) => item.number === number);
      if (index >= 0) return page * PAGE + index;
    }
    return null;
  }

  #leave(place: number, decision: PickDecision["decision"]): void {
    if (!this.#filter.undecided_only) return;
    if (decision === null) this.#gone.delete(place);
    else this.#gone.add(place);
  }

  #work(): void {
    if (this.problem !== null) return;
    for (const page of this.#wanted) {
      if (this.#loading.size >= AT_ONCE) return;
      if (this.#loading.has(page) || this.pages.has(page)) continue;
      void this.#load(page).then(() => this.#work());
    }
  }

  /** Load a page once, however often it is asked for: another answer may differ. */
  #load(page: number): Promise<void> {
    const { set } = this;
    if (set === null || this.pages.has(page)) return Promise.resolve();
    const under = this.#loading.get(page);
    if (under) return under.done;
    const asking = new AbortController();
    const ask = (): Promise<void> => this.#ask(set, page, asking.signal);
    // Where the list gets shorter with each decision, it must stand still meanwhile.
    const done = (this.#filter.undecided_only ? decisions.standingStill(ask) : ask())
      .catch((error: unknown) => {
        if (!asking.signal.aborted) this.problem = words(error);
      })
      .finally(() => {
        if (this.#loading.get(page)?.asking === asking) this.#loading.delete(page);
      });
    this.#loading.set(page, { asking, done });
    return done;
  }

  async #ask(set: number, page: number, signal: AbortSignal): Promise<void> {
    const gone = new Set(this.#gone);
    const askedAt = Date.now();
    const offset = serverOffset(page * PAGE, gone);
    const answer = await getGallery(set, { ...this.#filter, offset, limit: PAGE }, signal);
    if (signal.aborted) return;
    if (this.total === null) this.total = answer.total;
    else if (hasChanged(this.total, gone, answer.total)) this.isOutdated = true;
    this.pages.set(page, answer.items.map((item) => withWord(set, item, askedAt)));
    this.problem = null;
  }
}

function withWord(set: number, item: GalleryItem, askedAt: number): GalleryItem {
  const word = decisions.overOne(set, item.number, askedAt);
  return word ? { ...item, decision: word.decision, reason: word.reason ?? null } : item;
}

export const gallery = new Gallery();
