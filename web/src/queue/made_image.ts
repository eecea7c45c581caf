/** An image of the queue, for tests. */

import type { ImageSummary } from "../api/client";

export function madeImage(changes: Partial<ImageSummary> = {}): ImageSummary {
  return {
    id: 1,
    name: "mic_1.mrc",
    folder: "/data",
    shape: [100, 100],
    pixel_size_A: 1,
    state: "new",
    labels: 0,
    negatives: 0,
    regions: 0,
    doubt: null,
    problem: null,
    version: 0,
    changed: null,
    ...changes,
  };
}
