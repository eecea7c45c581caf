/** The project, its images, and which of them is looked at. */
import {
  changeImageState,
  changeProject,
  getImage,
  getProject,
  getQueue,
  wantImage,
  words,
  type ImageState,
  type ImageSummary,
  type Project,
  type ProjectChange,
} from "../api/client";
import { ApiError } from "../api/errors";
import { EventStream, type About, type ServerEvent } from "../api/events";
import { ofProject, onSessionEnd } from "../api/request";
import { recall, remember } from "./storage";

/** A place that the views centre on. */
export interface Place {
  image: number;
  x: number;
  y: number;
  z: number | null;
  /** Rises with each wish, so that the same place can be wished for again. */
  count: number;
}

const isNumber = (value: unknown): value is number => typeof value === "number";

/** More changed images than this are read in one request for all. */
const SINGLY = 20;
const GATHER_MS = 200;
const GATHER_ALL_MS = 1000;
/** In place of an image's number. */
const ALL = -1;
const AGAIN_MS = 2000;

class Session {
  project = $state.raw<Project | null>(null);
  /** All images, by name. */
  queue = $state.raw<ImageSummary[]>([]);
  currentId = $state<number | null>(null);
  /** The image looked at. */
  readonly current = $derived(this.queue.find((image) => image.id === this.currentId) ?? null);
  /** Whether the server answers. */
  isOnline = $state(true);
  /** Whether the server no longer knows this page. */
  hasEnded = $state(false);
  /** Why the page could not be filled. */
  problem = $state<string | null>(null);
  isLoaded = $state(false);

  /** The place last wished for. */
  place = $state.raw<Place | null>(null);

  readonly isTomogram = $derived(this.project?.ndim === 3);
  readonly needsDiameter = $derived(
    this.project !== null && this.project.classes.every((one) => !one.diameter_A),
  );

  readonly #events = new EventStream((isOpen) => void this.#connection(isOpen));
  readonly #changed = new Set<number>();
  #gathering: ReturnType<typeof setTimeout> | null = null;

  /** Diameter of a class, or of the first that has one; null until it is known. */
  diameter_A(className?: string): number | null {
    const classes = this.project?.classes ?? [];
    const named = classes.find((one) => one.name === className);
    return named?.diameter_A ?? classes.find((one) => one.diameter_A)?.diameter_A ?? null;
  }

  async start(): Promise<void> {
    onSessionEnd(() => {
      this.hasEnded = true;
      this.#events.close();
    });
    this.onEvent("project", () => void this.#readProject());
    this.onEvent("queue", (event) => this.#imageChanged(event.id));
    this.onEvent("labels", (event) => this.#imageChanged(event.id));
    await this.load();
    if (this.hasEnded || this.project === null) return;
    this.#events.open(this.project.id);
    document.addEventListener("visibilitychange", () => this.#events.sight(document.hidden));
  }

  /** Read everything, again and again where the server does not answer. */
  async load(): Promise<void> {
    while (!this.hasEnded) {
      try {
        const [project, queue] = await Promise.all([getProject(), getQueue()]);
        this.project = project;
        ofProject(project.id);
        this.queue = queue.images;
        this.problem = null;
        this.isOnline = true;
        if (this.current === null) this.#openFirst(project);
        this.isLoaded = true;
        return;
      } catch (error) {
        this.problem = words(error);
        if (!(error instanceof ApiError && error.isTemporary)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** Look at an image. */
  open(id: number): void {
    if (id === this.currentId || !this.queue.some((image) => image.id === id)) return;
    this.currentId = id;
    remember(`image.${this.projectKey}`, id);
    // Only a hint for the server: picking goes on in its own order without it.
    wantImage(id).catch(() => undefined);
  }

  /** Open an image and have its view centre on a place, in pixels of the image. */
  focus(image: number, x: number, y: number, z: number | null = null): void {
    this.open(image);
    this.place = { image, x, y, z, count: (this.place?.count ?? 0) + 1 };
  }

  /** Call an image reviewed, skipped, labelled or new. */
  async setState(id: number, state: ImageState): Promise<void> {
    this.#replace(await changeImageState(id, state));
  }

  /** Change settings of the project, on top of those that the change was made to. */
  async change(
    change: Omit<ProjectChange, "base_version">,
    base_version: number = this.project?.version ?? 0,
  ): Promise<void> {
    try {
      this.project = await changeProject({ ...change, base_version });
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) await this.#readProject();
      throw error;
    }
  }

  /** Call `handler` when the server says that something changed; returns its undo. */
  onEvent(about: About, handler: (event: ServerEvent) => void): () => void {
    return this.#events.on(about, handler);
  }

  /** Names the project in the browser's storage; null until it is read. */
  get projectKey(): string | null {
    return this.project?.id ?? null;
  }

  #openFirst(project: Project): void {
    const kept = recall(`image.${project.id}`, -1, isNumber);
    const first =
      this.queue.find((image) => image.id === kept) ??
      this.queue.find((image) => image.problem === null) ??
      this.queue[0];
    if (first) this.open(first.id);
  }

  async #connection(isOpen: boolean): Promise<void> {
    this.isOnline = isOpen;
    // A stream that is refused looks like one that broke; an ordinary request tells.
    if (!isOpen) await this.#readProject();
  }

  async #readProject(): Promise<void> {
    try {
      this.project = await getProject();
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) this.isOnline = false;
    }
  }

  #imageChanged(id: number | null): void {
    this.#changed.add(id ?? ALL);
    this.#gathering ??= setTimeout(
      () => void this.#readChanged(),
      id === null ? GATHER_ALL_MS : GATHER_MS,
    );
  }

  async #readChanged(): Promise<void> {
    const ids = [...this.#changed];
    this.#changed.clear();
    try {
      if (ids.includes(ALL) || ids.length > SINGLY) {
        this.queue = (await getQueue()).images;
        this.project = await getProject();
      } else {
        for (const image of await Promise.all(ids.map(getImage))) this.#replace(image);
      }
    } catch {
      // The next event, or the one after the gap, asks again.
    } finally {
      this.#gathering = null;
      // What changed while the answer was on its way.
      for (const id of [...this.#changed]) this.#imageChanged(id === ALL ? null : id);
    }
  }

  #replace(image: ImageSummary): void {
    const index = this.queue.findIndex((one) => one.id === image.id);
    this.queue = index < 0 ? [...this.queue, image] : this.queue.with(index, image);
  }
}

export const session = new Session();
