/** Which images the queue shows, and in which order. */
import type { ImageState, ImageSummary } from "../api/client";
import type { QueueOrder } from "../state/settings.svelte";

export interface Filter {
  /** Part of the name or folder; upper and lower case are the same. */
  text: string;
  /** null for all. */
  state: ImageState | "problem" | null;
}

/** Compares numbers in names as numbers: `mic_2` comes before `mic_10`. */
const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Places of images by name. Comparing ten thousand names takes long; it is done once. */
export class NameOrder {
  #places = new Map<number, number>();

  /** The place of each image, by its id. An image's name never changes. */
  of(images: readonly ImageSummary[]): ReadonlyMap<number, number> {
    if (this.#places.size !== images.length || images.some((one) => !this.#places.has(one.id))) {
      const sorted = [...images].sort(
        (a, b) =>
          byName.compare(a.name, b.name) || byName.compare(a.folder, b.folder) || a.id - b.id,
      );
      this.#places = new Map(sorted.map((image, place) => [image.id, place]));
    }
    return this.#places;
  }
}

export function listed(
  images: readonly ImageSummary[],
  filter: Filter,
  order: QueueOrder,
  places: ReadonlyMap<number, number>,
): ImageSummary[] {
  const text = filter.text.trim().toLowerCase();
  const found = images.filter(
    (image) =>
      (text === "" || `${image.folder}/${image.name}`.toLowerCase().includes(text)) &&
      (filter.state === null ||
        (filter.state === "problem" ? image.problem !== null : image.state === filter.state)),
  );
  const place = (image: ImageSummary) => places.get(image.id) ?? 0;
  if (order === "name") return found.sort((a, b) => place(a) - place(b));
  // Where nothing is known of the doubt, the image comes behind all others.
  return found.sort((a, b) => (b.doubt ?? -1) - (a.doubt ?? -1) || place(a) - place(b));
}

export function countsByState(images: readonly ImageSummary[]): Record<ImageState, number> {
  const counts = { new: 0, labelled: 0, reviewed: 0, skipped: 0 };
  for (const image of images) counts[image.state] += 1;
  return counts;
}

/** What an image is where nobody calls it reviewed or skipped any more. */
export function stateBefore(image: ImageSummary): ImageState {
  return image.labels + image.negatives + image.regions > 0 ? "labelled" : "new";
}

/** The neighbour of an image in a list: `step` on, or back where it is negative; null at the end. */
export function neighbour(
  images: readonly ImageSummary[],
  id: number | null,
  step: 1 | -1,
): ImageSummary | null {
  const index = images.findIndex((image) => image.id === id);
  if (index < 0) return images[0] ?? null;
  return images[index + step] ?? null;
}

/** The next image that nobody has finished, from `id` on and round to the start. */
export function nextUnfinished(
  images: readonly ImageSummary[],
  id: number | null,
): ImageSummary | null {
  const start = images.findIndex((image) => image.id === id) + 1;
  const round = [...images.slice(start), ...images.slice(0, start)];
  const isOpen = (image: ImageSummary) =>
    image.id !== id && image.problem === null && !["reviewed", "skipped"].includes(image.state);
  return round.find(isOpen) ?? null;
}

export interface Window {
  first: number;
  /** One behind the last. */
  end: number;
}

/** Which rows of a list are to be drawn: those in sight and a few above and below. */
export function rowsInSight(
  count: number,
  row_px: number,
  scroll_px: number,
  height_px: number,
  beyond = 6,
): Window {
  const first = Math.max(0, Math.floor(scroll_px / row_px) - beyond);
  const end = Math.min(count, Math.ceil((scroll_px + height_px) / row_px) + beyond);
  return { first: Math.min(first, end), end };
}

/** Where to scroll so that a row is in sight; null where it is already. */
export function scrollTo(
  index: number,
  row_px: number,
  scroll_px: number,
  height_px: number,
): number | null {
  const top = index * row_px;
  if (top < scroll_px) return top;
  if (top + row_px > scroll_px + height_px) return top + row_px - height_px;
  return null;
}
