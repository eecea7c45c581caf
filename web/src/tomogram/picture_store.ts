/** Slices that were fetched, the last used first, and the queue of those that are wanted.
 *
 * Who turns the wheel quickly wishes for more than a tunnel can carry. So only a few requests run
 * at once, every new list of wishes replaces the one before, and what nobody wants any more is
 * given up.
 */

import { ApiError, words } from "../api/errors";
import type { Picture } from "./greys";

export interface Wish {
  readonly key: string;
  readonly url: string;
}

export type Load = (url: string, signal: AbortSignal) => Promise<Picture>;

interface Failure {
  readonly message: string;
  /** Where asking again would not help. */
  readonly isFinal: boolean;
}

export interface StoreOptions {
  readonly load: Load;
  /** Called when a picture came or failed. */
  readonly onChange: (key: string) => void;
  readonly capacityBytes?: number;
  readonly atOnce?: number;
  readonly retryMs?: number;
}

export class PictureStore {
  private readonly pictures = new Map<string, Picture>();
  private readonly failures = new Map<string, Failure>();
  private readonly running = new Map<string, AbortController>();
  private wishes: readonly Wish[] = [];
  private heldBytes = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly capacityBytes: number;
  private readonly atOnce: number;
  private readonly retryMs: number;

  constructor(private readonly options: StoreOptions) {
    this.capacityBytes = options.capacityBytes ?? 256 * 1024 * 1024;
    this.atOnce = options.atOnce ?? 4;
    this.retryMs = options.retryMs ?? 2000;
  }

  /** A picture if it is here; it then counts as used last. */
  get(key: string): Picture | undefined {
    const picture = this.pictures.get(key);
    if (picture) {
      this.pictures.delete(key);
      this.pictures.set(key, picture);
    }
    return picture;
  }

  failureOf(key: string): string | undefined {
    return this.failures.get(key)?.message;
  }

  /** Fetch these, the first first; whatever was wished for before is forgotten. */
  want(wishes: readonly Wish[]): void {
    this.wishes = wishes;
    const keys = new Set(wishes.map(({ key }) => key));
    for (const [key, controller] of this.running) {
      if (!keys.has(key)) {
        this.running.delete(key);
        controller.abort();
      }
    }
    this.start();
  }

  /** Give up everything that is under way. */
  close(): void {
    this.want([]);
    clearTimeout(this.timer);
  }

  private start(): void {
    for (const wish of this.wishes) {
      if (this.running.size >= this.atOnce) return;
      const isSettled = this.pictures.has(wish.key) || this.failures.has(wish.key);
      if (!isSettled && !this.running.has(wish.key)) void this.fetch(wish);
    }
  }

  private async fetch({ key, url }: Wish): Promise<void> {
    const controller = new AbortController();
    this.running.set(key, controller);
    try {
      const picture = await this.options.load(url, controller.signal);
      if (!controller.signal.aborted) this.keep(key, picture);
    } catch (error) {
      if (!controller.signal.aborted) this.fail(key, error);
    }
    if (controller.signal.aborted) return;
    this.running.delete(key);
    this.options.onChange(key);
    this.start();
  }

  private keep(key: string, picture: Picture): void {
    this.pictures.set(key, picture);
    this.heldBytes += picture.grey.byteLength;
    for (const [oldest, { grey }] of this.pictures) {
      if (this.heldBytes <= this.capacityBytes || oldest === key) return;
      this.pictures.delete(oldest);
      this.heldBytes -= grey.byteLength;
    }
  }

  private fail(key: string, error: unknown): void {
    const isFinal = error instanceof ApiError && !error.isTemporary;
    this.failures.set(key, { message: words(error), isFinal });
    if (isFinal) return;
    // A tunnel that broke down, or a server with too much to do: both pass.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      for (const [failed, { isFinal }] of this.failures) {
        if (!isFinal) this.failures.delete(failed);
      }
      this.start();
    }, this.retryMs);
  }
}
