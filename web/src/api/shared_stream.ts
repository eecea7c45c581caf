/**
 * One stream of events for all tabs of a browser.
 *
 * A browser opens six connections to a server in all, so that seven tabs with a stream each would
 * leave none for anything else. One tab, the one that has the lock, holds the stream and passes on
 * what it hears; when it is closed, the lock goes to the next. Where the browser has no locks (it
 * has them only for pages of this machine, or of its end of a tunnel), each tab holds a stream.
 */
import { Connection } from "./connection";
import { newId } from "./ids";

/** What is heard: that a stream opened, or broke, or a message of it. */
export interface Heard {
  /** Another one after every gap; null where it is broken. */
  stream: string | null;
  text: string | null;
}

const ALIVE = "alive";
/** Said by a tab that begins to listen. */
const WHICH = "which stream?";
const BEAT_MS = 5_000;
/** Of the tab that holds the stream, which was stopped by the browser, or hangs. */
const MOST_SILENT_BEATS = 3;

type Said = Heard | typeof ALIVE | typeof WHICH;

export class SharedStream {
  #channel: BroadcastChannel | null = null;
  #connection: Connection | null = null;
  /** What was heard last of the stream that this tab holds; null while it opens. */
  #last: Heard | null = null;
  /** Of this tab's wish for the lock, from the wish to its end; null where it has none. */
  #turn: AbortController | null = null;
  #beats: ReturnType<typeof setInterval> | null = null;
  #silentBeats = 0;

  constructor(
    private readonly name: string,
    private readonly hear: (heard: Heard) => void,
  ) {
    // Types say that these are everywhere.
    const hasLocks = (navigator as Partial<Navigator>).locks !== undefined;
    if (!hasLocks || typeof BroadcastChannel === "undefined") {
      this.#hold();
      return;
    }
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (message: MessageEvent<Said>) => this.#listen(message.data);
    this.#channel.postMessage(WHICH);
    this.#beats = setInterval(() => this.#beat(), BEAT_MS);
    this.#takeTurn({});
  }

  close(): void {
    if (this.#beats) clearInterval(this.#beats);
    this.#release();
    this.#turn?.abort();
    this.#turn = null;
    this.#channel?.close();
    this.#channel = null;
  }

  #takeTurn(how: { steal?: boolean }): void {
    this.#turn?.abort();
    const turn = new AbortController();
    this.#turn = turn;
    const options = how.steal ? { steal: true } : { signal: turn.signal };
    const untilItsEnd = () => {
      if (turn.signal.aborted) return undefined;
      this.#hold();
      return new Promise<void>((resolve) => {
        turn.signal.addEventListener("abort", () => resolve());
      });
    };
    navigator.locks.request(this.name, options, untilItsEnd).catch(() => {
      if (this.#turn !== turn) return;
      // Another tab took the lock, since this one was silent; or the browser gives no locks.
      const hadIt = this.#connection !== null;
      this.#release();
      if (hadIt) this.#takeTurn({});
      else this.#hold();
    });
  }

  #hold(): void {
    const say = (stream: string | null, text: string | null) => {
      this.#last = { stream, text: null };
      this.#channel?.postMessage({ stream, text } satisfies Said);
      this.hear({ stream, text });
    };
    this.#connection = new Connection({
      opened: () => say(newId(), null),
      broken: () => say(null, null),
      message: (text) => say(this.#last?.stream ?? null, text),
    });
  }

  #release(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#last = null;
  }

  #listen(said: Said): void {
    const isHolder = this.#connection !== null;
    if (said === WHICH) {
      if (isHolder && this.#last) this.#channel?.postMessage(this.#last satisfies Said);
      return;
    }
    this.#silentBeats = 0;
    if (said !== ALIVE && !isHolder) this.hear(said);
  }

  #beat(): void {
    if (this.#connection) {
      this.#channel?.postMessage(ALIVE satisfies Said);
    } else if (++this.#silentBeats > MOST_SILENT_BEATS) {
      this.#silentBeats = 0;
      this.#takeTurn({ steal: true });
    }
  }
}
