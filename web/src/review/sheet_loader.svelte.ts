/** Pictures of the gallery's pages: few at a time, those in sight first, not too many kept. */

import { SvelteMap } from "svelte/reactivity";

import { sheetUrl } from "../api/client";
import { Fetching } from "../api/fetching";
import { fetchBlob } from "../api/request";
import { columnsOf } from "./sheets";

const AT_ONCE = 2;
const MOST_KEPT = 60;

export interface Sheet {
  /** What the picture shows: the same candidates in another size are another sheet. */
  readonly key: string;
  readonly set: number;
  readonly numbers: readonly number[];
  readonly tile_px: number;
}

export class SheetLoader {
  /** Addresses of the pictures that are here, by the sheets' keys. */
  readonly #urls = new SvelteMap<string, string>();
  readonly #sheets = new Fetching<Sheet, string>({
    keyOf: (sheet) => sheet.key,
    fetch: (sheet, signal) => read(sheet, signal),
    atOnce: AT_ONCE,
    room: MOST_KEPT,
    came: ({ key }, url) => void this.#urls.set(key, url),
    released: (key, url) => this.#revoke(key, url),
    changed: () => (this.problem = this.#sheets.problem),
  });
  problem = $state<string | null>(null);

  /** Address of a picture for `background-image`, or null while it is on its way. */
  of(key: string): string | null {
    return this.#urls.get(key) ?? null;
  }

  /** Load these; what is on its way for others is given up. */
  want(sheets: readonly Sheet[]): void {
    this.#sheets.want(sheets);
    this.problem = this.#sheets.problem;
  }

  /** Let go of all pictures. */
  close(): void {
    this.#sheets.clear();
  }

  #revoke(key: string, url: string): void {
    URL.revokeObjectURL(url);
    // What came too late was never here; another picture of the same may be.
    if (this.#urls.get(key) === url) this.#urls.delete(key);
  }
}

/** Fetch a picture; returns its address in the page. */
async function read({ set, numbers, tile_px }: Sheet, signal: AbortSignal): Promise<string> {
  const url = sheetUrl(set, numbers, columnsOf(numbers.length), tile_px);
  return URL.createObjectURL(await fetchBlob(url, signal));
}

export function sheetOf(set: number, numbers: readonly number[], tile_px: number): Sheet {
  return { key: `${set}:${tile_px}:${numbers.join()}`, set, numbers, tile_px };
}
