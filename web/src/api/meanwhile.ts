/** What somebody else saved while this page was edited, and whether an edit still fits it. */
import { ApiError } from "./errors";
import { operationsOf, type MadeEdit } from "./made_edit";
import { applied, clashes, idsOf, isPoint, isRegion, itemsOf, type Items } from "./operations";
import type { Labels } from "./schema";

export interface Clash {
  /** What is saved now. */
  readonly labels: Labels;
  /** Ids of what both changed. */
  readonly ids: readonly string[];
}

/** What somebody else saved, with the edits of this page that came on top. */
interface Foreign {
  readonly version: number;
  readonly items: Items;
}

export class Meanwhile {
  /** Version that the last edit of this page led to, by image. */
  readonly #versions = new Map<number, number>();
  readonly #foreign = new Map<number, Foreign>();
  /** Of edits that were made to later labels than the server has, by id: what it has. */
  readonly #older = new Map<string, Labels>();

  /** The version on top of which an edit is to be done. */
  baseOf({ image, edit }: MadeEdit): number {
    return Math.max(edit.base_version, this.#versions.get(image) ?? 0);
  }

  /** Whether the image holds something else than the person saw. */
  isForeign({ image, edit }: MadeEdit): boolean {
    return edit.base_version < (this.#foreign.get(image)?.version ?? 0);
  }

  /** What an edit and somebody else both changed; null where it fits. */
  clashOf(made: MadeEdit): Clash | null {
    const { image, edit, before } = made;
    const older = this.#older.get(edit.id);
    // Nobody knows what became of what the person saw.
    if (older !== undefined) return { labels: older, ids: idsOf(operationsOf(made)) };
    const foreign = this.#foreign.get(image);
    if (foreign === undefined || !this.isForeign(made)) return null;
    const ids = clashes(operationsOf(made), before, foreign.items);
    if (ids.length === 0) return null;
    const items = [...foreign.items.values()];
    const version = Math.max(foreign.version, this.#versions.get(image) ?? 0);
    const labels = { image, version, points: items.filter(isPoint), regions: items.filter(isRegion) };
    return { labels, ids };
  }

  /** Whether an answer tells what is saved now in place of a version, which is then known. */
  learnt({ edit }: MadeEdit, error: unknown, base: number): boolean {
    const labels = labelsOf(error);
    // A conflict with the very version that was named would come again for ever.
    if (labels === null || labels.version === base) return false;
    this.#versions.set(labels.image, labels.version);
    if (labels.version > base) {
      this.#foreign.set(labels.image, { version: labels.version, items: itemsOf(labels) });
    } else {
      // Versions only rise, but a project may be put back from a copy.
      this.#foreign.delete(labels.image);
      this.#older.set(edit.id, labels);
    }
    return true;
  }

  /** A person has said what is to become of an edit that did not fit. */
  settled({ edit }: MadeEdit): void {
    this.#older.delete(edit.id);
  }

  /** The server has done an edit on top of a version, which led to another. */
  saved(made: MadeEdit, base: number, version: number): void {
    const { image } = made;
    // More than one step further, somebody else's edit lies between: the next is compared again.
    if (version === base + 1) this.#versions.set(image, version);
    else this.#versions.delete(image);
    const foreign = this.#foreign.get(image);
    if (foreign === undefined) return;
    this.#foreign.set(image, { ...foreign, items: applied(foreign.items, operationsOf(made)) });
  }
}

/** The labels that the answer of a conflict says are saved. */
function labelsOf(error: unknown): Labels | null {
  if (!(error instanceof ApiError) || error.status !== 409) return null;
  return (error.body as { labels?: Labels } | null)?.labels ?? null;
}
