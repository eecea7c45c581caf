/** The stream of what changes on the server, which comes back by itself after a dropped tunnel. */
import { eventsUrl } from "./client";

export interface ServerEvent {
  about: "project" | "queue" | "labels" | "picks" | "run";
  /** Of the image, the set or the run; null where all may have changed (also after a gap). */
  id: number | null;
  /** Of `picks`: where. */
  image: number | null;
  version: number | null;
}

export type About = ServerEvent["about"];
type Handler = (event: ServerEvent) => void;

const ABOUTS: readonly About[] = ["project", "queue", "labels", "picks", "run"];
const LONGEST_WAIT_MS = 10_000;
/** Browsers open six connections to a server in all: tabs that nobody looks at give theirs back. */
const HIDDEN_MS = 30_000;

function parsed(text: string): ServerEvent | null {
  try {
    const value = JSON.parse(text) as Partial<ServerEvent>;
    if (!ABOUTS.includes(value.about as About)) return null;
    return {
      about: value.about as About,
      id: value.id ?? null,
      image: value.image ?? null,
      version: value.version ?? null,
    };
  } catch {
    return null;
  }
}

export class EventStream {
  readonly #handlers = new Map<About, Set<Handler>>();
  #source: EventSource | null = null;
  #wait_ms = 500;
  #wasOpen = false;
  #isWanted = false;
  #hiding: ReturnType<typeof setTimeout> | null = null;

  /** @param connection told when the stream opens (true) and breaks (false). */
  constructor(private readonly connection: (isOpen: boolean) => void) {}

  /** Call `handler` at each event of a kind, and once after every gap; returns its undo. */
  on(about: About, handler: Handler): () => void {
    const list = this.#handlers.get(about) ?? new Set();
    this.#handlers.set(about, list.add(handler));
    return () => list.delete(handler);
  }

  open(): void {
    this.#isWanted = true;
    this.#connect();
  }

  close(): void {
    this.#isWanted = false;
    this.#source?.close();
    this.#source = null;
  }

  /** Call it when the page comes into sight or goes out of it. */
  sight(isHidden: boolean): void {
    if (!this.#isWanted) return;
    if (this.#hiding) clearTimeout(this.#hiding);
    this.#hiding = null;
    if (!isHidden && this.#source === null) this.#connect();
    if (!isHidden) return;
    this.#hiding = setTimeout(() => {
      this.#source?.close();
      this.#source = null;
    }, HIDDEN_MS);
  }

  #connect(): void {
    this.#source?.close();
    const source = new EventSource(eventsUrl());
    this.#source = source;
    source.onopen = () => {
      this.#wait_ms = 500;
      this.connection(true);
      if (this.#wasOpen) this.#afterGap();
      this.#wasOpen = true;
    };
    source.onmessage = (message: MessageEvent<string>) => {
      const event = parsed(message.data);
      if (event) this.#tell(event);
    };
    source.onerror = () => {
      this.connection(false);
      // The browser tries again only where the connection broke, not after an answer such as 503.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => {
        if (this.#isWanted && this.#source === source) this.#connect();
      }, this.#wait_ms);
      this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
    };
  }

  #tell(event: ServerEvent): void {
    for (const handler of this.#handlers.get(event.about) ?? []) handler(event);
  }

  #afterGap(): void {
    for (const about of ABOUTS) this.#tell({ about, id: null, image: null, version: null });
  }
}
