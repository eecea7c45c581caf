/** What people labelled on the open image, with the edits that are not saved yet. */
import {
  ApiError,
  getLabels,
  words,
  type Labels,
  type Operation,
  type Point,
  type Region,
} from "../api/client";
import { editQueue, type Outcome } from "../api/edit_queue";
import { newId } from "../api/ids";
import { applied, isPoint, isRegion, itemsOf, NO_ITEMS, touched, type Items } from "../api/operations";
import { History } from "./history";
import { session } from "./project.svelte";

/** An edit holds no more operations, and a removal no more ids, than the server takes. */
const MOST_OPERATIONS = 10_000;
const RETRY_MS = 2_000;

export type NewPoint = Pick<Point, "kind" | "x" | "y" | "class_name"> & { z?: number | null };
export type NewRegion = Pick<Region, "kind" | "outline"> & {
  z_low?: number | null;
  z_high?: number | null;
};

class LabelsOfImage {
  /** The image that these are of; null before its labels are read. */
  image = $state<number | null>(null);
  version = $state(0);
  /** Why the labels could not be read; null where they were. */
  problem = $state<string | null>(null);

  #items = $state.raw<Items>(NO_ITEMS);
  /** Counts the steps, so that `canUndo` follows them. */
  #steps = $state(0);
  readonly #histories = new Map<number, History>();
  #wanted: number | null = null;
  #reading: AbortController | null = null;

  readonly points: readonly Point[] = $derived([...this.#items.values()].filter(isPoint));
  readonly regions: readonly Region[] = $derived(
    [...this.#items.values()].filter(isRegion),
  );
  readonly isLoaded = $derived(this.image !== null && this.image === session.currentId);
  readonly canUndo = $derived(this.#steps >= 0 && this.#history().canUndo);
  readonly canRedo = $derived(this.#steps >= 0 && this.#history().canRedo);

  constructor() {
    $effect.root(() => {
      $effect(() => this.#follow(session.currentId));
    });
    session.onEvent("labels", (event) => {
      if (event.id !== null && event.id !== this.#wanted) return;
      if (event.version === null || event.version > this.version) void this.#read();
    });
    editQueue.onOutcome((outcome) => this.#settled(outcome));
  }

  /** Add a label; returns its id, or null while the image's labels are not read yet. */
  addPoint(point: NewPoint): string | null {
    return this.addPoints([point])[0] ?? null;
  }

  addPoints(points: readonly NewPoint[]): string[] {
    const made = points.map((point) => ({ ...point, z: point.z ?? null, id: newId() }));
    const isTaken = this.apply(made.map((point) => ({ operation: "put_point", point })));
    return isTaken ? made.map((point) => point.id) : [];
  }

  /** Replace points by id: another kind, class or place. */
  changePoints(points: readonly Point[]): void {
    this.apply(
      points.map((point) => ({ operation: "put_point", point: { ...point, by: null, at: null } })),
    );
  }

  movePoint(id: string, x: number, y: number, z?: number | null): void {
    const point = this.#items.get(id);
    if (point && isPoint(point)) this.changePoints([{ ...point, x, y, z: z === undefined ? point.z : z }]);
  }

  removePoints(ids: readonly string[]): void {
    this.#remove(ids);
  }

  addRegion(region: NewRegion): string | null {
    const id = newId();
    return this.apply([{ operation: "put_region", region: { ...region, id } }]) ? id : null;
  }

  removeRegions(ids: readonly string[]): void {
    this.#remove(ids);
  }

  /** Make a change that can be undone; false where there is nothing to change yet. */
  apply(operations: readonly Operation[]): boolean {
    if (operations.length === 0 || !this.isLoaded) return false;
    this.#history().add(this.#items, operations);
    this.#submit(operations);
    return true;
  }

  undo(): void {
    if (this.isLoaded) this.#submit(this.#history().undo() ?? []);
  }

  redo(): void {
    if (this.isLoaded) this.#submit(this.#history().redo() ?? []);
  }

  #remove(ids: readonly string[]): void {
    const there = ids.filter((id) => this.#items.has(id));
    if (there.length > 0) this.apply([{ operation: "remove", ids: there }]);
  }

  #submit(operations: readonly Operation[]): void {
    const image = this.image;
    this.#steps++;
    if (image === null || operations.length === 0) return;
    for (let first = 0; first < operations.length; first += MOST_OPERATIONS) {
      const part = operations.slice(first, first + MOST_OPERATIONS);
      editQueue.submit(image, this.version, part, touched(this.#items, part));
      this.#items = applied(this.#items, part);
    }
  }

  #history(): History {
    const image = this.image ?? -1;
    let history = this.#histories.get(image);
    if (history === undefined) this.#histories.set(image, (history = new History()));
    return history;
  }

  #follow(image: number | null): void {
    if (image === this.#wanted) return;
    this.#wanted = image;
    this.image = null;
    this.problem = null;
    this.#items = NO_ITEMS;
    void this.#read();
  }

  async #read(): Promise<void> {
    this.#reading?.abort();
    const image = this.#wanted;
    if (image === null) return;
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const labels = await getLabels(image, reading.signal);
      if (!reading.signal.aborted) this.#show(labels);
    } catch (error) {
      if (reading.signal.aborted) return;
      this.problem = words(error);
      if (error instanceof ApiError && error.isTemporary) {
        setTimeout(() => {
          if (this.#reading === reading) void this.#read();
        }, RETRY_MS);
        return;
      }
    }
    if (this.#reading === reading) this.#reading = null;
  }

  #show(labels: Labels): void {
    if (labels.image !== this.#wanted) return;
    this.image = labels.image;
    this.version = labels.version;
    this.problem = null;
    this.#items = applied(itemsOf(labels), editQueue.pendingOf(labels.image));
    this.#steps++;
  }

  #settled({ image, version, stale }: Outcome): void {
    if (image !== this.#wanted) return;
    if (version !== null) this.version = Math.max(this.version, version);
    // Labels that are on their way may be older than what was just saved.
    if (stale || this.#reading !== null) void this.#read();
  }
}

export const labels = new LabelsOfImage();
