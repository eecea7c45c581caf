/** Pictures of the gallery's pages: few at a time, those in sight first, not too many kept. */

import { SvelteMap } from "svelte/reactivity";

import { sheetUrl } from "../api/client";
import { columnsOf } from "./sheets";

const AT_ONCE = 2;
const MOST_KEPT = 60;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

export interface Sheet {
  /** What the picture shows: the same candidates in another size are another sheet. */
  readonly key: string;
  readonly set: number;
  readonly numbers: readonly number[];
  readonly tile_px: number;
}

export class SheetLoader {
  /** Addresses of the pictures that are here, by the sheets' keys. */
  readonly #pictures = new SvelteMap<string, string>();
  readonly #loading = new Map<string, AbortController>();
  #wanted: readonly Sheet[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait = FIRST_WAIT_MS;
  problem = $state<string | null>(null);

  /** Address of a picture for `background-image`, or null while it is on its way. */
  of(key: string): string | null {
    return this.#pictures.get(key) ?? null;
  }

  /** Load these; what is on its way for others is given up. */
  want(sheets: readonly Sheet[]): void {
    this.#wanted = sheets;
    const keys = new Set(sheets.map((sheet) => sheet.key));
    for (const [key, controller] of this.#loading) if (!keys.has(key)) controller.abort();
    this.#work();
  }

  /** Let go of all pictures. */
  close(): void {
    this.want([]);
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const url of this.#pictures.values()) URL.revokeObjectURL(url);
    this.#pictures.clear();
  }

  #work(): void {
    for (const sheet of this.#wanted) {
      if (this.#loading.size >= AT_ONCE || this.#timer !== null) return;
      if (!this.#pictures.has(sheet.key) && !this.#loading.has(sheet.key)) void this.#load(sheet);
    }
  }

  async #load(sheet: Sheet): Promise<void> {
    const controller = new AbortController();
    this.#loading.set(sheet.key, controller);
    try {
      const { set, numbers, tile_px } = sheet;
      const url = sheetUrl(set, numbers, columnsOf(numbers.length), tile_px);
      const answer = await fetch(url, { credentials: "same-origin", signal: controller.signal });
      if (!answer.ok) throw new Error(`The server answered ${answer.status} for these pictures.`);
      this.#keep(sheet.key, URL.createObjectURL(await answer.blob()));
      this.problem = null;
      this.#wait = FIRST_WAIT_MS;
    } catch (error) {
      if (!controller.signal.aborted) this.#later(error);
    } finally {
      this.#loading.delete(sheet.key);
      this.#work();
    }
  }

  #keep(key: string, url: string): void {
    this.#pictures.set(key, url);
    const inSight = new Set(this.#wanted.map((sheet) => sheet.key));
    for (const [old, address] of this.#pictures) {
      if (this.#pictures.size <= MOST_KEPT) return;
      if (inSight.has(old) || old === key) continue;
      this.#pictures.delete(old);
      URL.revokeObjectURL(address);
    }
  }

  #later(error: unknown): void {
    this.problem = error instanceof Error ? error.message : String(error);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#work();
    }, this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
  }
}

export function sheetOf(set: number, numbers: readonly number[], tile_px: number): Sheet {
  return { key: `${set}:${tile_px}:${numbers.join()}`, set, numbers, tile_px };
}
