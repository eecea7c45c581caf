/** What changes on the server, told to all parts of the page that asked for it. */
import { SharedStream, type Heard } from "./shared_stream";

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
/** Tabs that nobody looks at stop listening: each would read again whatever changes. */
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
  #shared: SharedStream | null = null;
  #name: string | null = null;
  /** The stream that is open, or was until it broke. */
  #stream: string | null = null;
  #hiding: ReturnType<typeof setTimeout> | null = null;

  /** @param connection told when the stream opens (true) and breaks (false). */
  constructor(private readonly connection: (isOpen: boolean) => void) {}

  /** Call `handler` at each event of a kind, and once after every gap; returns its undo. */
  on(about: About, handler: Handler): () => void {
    const list = this.#handlers.get(about) ?? new Set();
    this.#handlers.set(about, list.add(handler));
    return () => list.delete(handler);
  }

  /** Begin to listen; tabs of one project share a stream. */
  open(project: string): void {
    this.#name = `nunatak-events-${project}`;
    this.#listen();
  }

  close(): void {
    this.#name = null;
    this.#rest();
  }

  /** Call it when the page comes into sight or goes out of it. */
  sight(isHidden: boolean): void {
    if (this.#hiding) clearTimeout(this.#hiding);
    this.#hiding = isHidden ? setTimeout(() => this.#rest(), HIDDEN_MS) : null;
    if (!isHidden) this.#listen();
  }

  #listen(): void {
    if (this.#name === null || this.#shared !== null) return;
    this.#shared = new SharedStream(this.#name, (heard) => this.#hear(heard));
  }

  #rest(): void {
    this.#shared?.close();
    this.#shared = null;
    this.#stream = null;
  }

  #hear({ stream, text }: Heard): void {
    if (stream === null) {
      this.connection(false);
      this.#stream = null;
      return;
    }
    if (stream !== this.#stream) {
      this.#stream = stream;
      this.connection(true);
      // What changed between what the page has read and the begin of the stream is told nowhere.
      for (const about of ABOUTS) this.#tell({ about, id: null, image: null, version: null });
    }
    const event = text === null ? null : parsed(text);
    if (event) this.#tell(event);
  }

  #tell(event: ServerEvent): void {
    for (const handler of this.#handlers.get(event.about) ?? []) handler(event);
  }
}
