/** One connection to the server's stream of events, which comes back by itself. */
import { eventsUrl } from "./client";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export interface Ear {
  opened(): void;
  /** Also each time that opening it again failed. */
  broken(): void;
  message(text: string): void;
}

export class Connection {
  #source: EventSource | null = null;
  #wait_ms = FIRST_WAIT_MS;
  #again: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly ear: Ear) {
    this.#open();
  }

  close(): void {
    if (this.#again) clearTimeout(this.#again);
    this.#source?.close();
    this.#source = null;
  }

  #open(): void {
    const source = new EventSource(eventsUrl());
    this.#source = source;
    source.onopen = () => {
      this.#wait_ms = FIRST_WAIT_MS;
      this.ear.opened();
    };
    source.onmessage = (message: MessageEvent<string>) => this.ear.message(message.data);
    source.onerror = () => {
      this.ear.broken();
      // The browser tries again only where the connection broke, not after an answer such as 503.
      if (this.#source !== source || source.readyState !== EventSource.CLOSED) return;
      this.#again = setTimeout(() => this.#open(), this.#wait_ms);
      this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
    };
  }
}
