/** How many picks images show, put together from the server's answers. */
import type { PickCounts } from "../api/schema";

export interface PickCount {
  /** Selected, and rejected by nobody. */
  kept: number;
  /** Selected, but rejected by a person or a pruning. */
  rejected: number;
}

export type CountByImage = ReadonlyMap<number, PickCount>;

/** Counts with an answer about the images asked for, or about all where `asked` is null. */
export function withAnswer(
  before: CountByImage,
  asked: readonly number[] | null,
  answer: PickCounts,
): CountByImage {
  const counts = new Map(asked === null ? [] : before);
  for (const image of asked ?? []) counts.delete(image);
  answer.image.forEach((image, at) => {
    counts.set(image, { kept: answer.kept[at] ?? 0, rejected: answer.rejected[at] ?? 0 });
  });
  return counts;
}

/** More than this are not asked for by their numbers. */
const MOST_NAMED = 100;

/** Images whose counts are to be read again. */
export class Outdated {
  #isAll = true;
  readonly #images = new Set<number>();

  /** Add an image, or all for null. */
  add(image: number | null): void {
    if (image === null) this.#isAll = true;
    else this.#images.add(image);
  }

  /** What to ask for: images, null for all, or undefined for nothing; it is forgotten here. */
  take(): readonly number[] | null | undefined {
    const images = [...this.#images];
    const isAll = this.#isAll || images.length > MOST_NAMED;
    this.#images.clear();
    this.#isAll = false;
    if (isAll) return null;
    return images.length > 0 ? images : undefined;
  }
}
