/** The histogram of scores on screen. */

export interface Bar {
  /** Left edge and width, 0 to 1 of the picture's width. */
  readonly left: number;
  readonly width: number;
  /** 0 to 1 of its height. */
  readonly height: number;
  readonly count: number;
}

/**
 * Bars of a histogram between scores 0 and 1, none narrower than can be seen.
 *
 * Neighbouring bins are put together until there are at most `most` bars. Logarithmic heights
 * begin below one, so that a single candidate still shows.
 */
export function barsOf(
  edges: readonly number[],
  counts: readonly number[],
  most: number,
  isLogarithmic: boolean,
): Bar[] {
  const together = Math.max(1, Math.ceil(counts.length / Math.max(1, most)));
  const groups: { left: number; right: number; count: number }[] = [];
  for (let first = 0; first < counts.length; first += together) {
    const last = Math.min(first + together, counts.length);
    const left = edges[first];
    const right = edges[last];
    if (left === undefined || right === undefined) break;
    const count = counts.slice(first, last).reduce((sum, value) => sum + value, 0);
    groups.push({ left, right, count });
  }
  const tall = (count: number): number => (isLogarithmic ? Math.log1p(count) : count);
  const tallest = groups.reduce((most_, group) => Math.max(most_, tall(group.count)), 0);
  return groups.map(({ left, right, count }) => ({
    left,
    width: right - left,
    height: tallest > 0 ? tall(count) / tallest : 0,
    count,
  }));
}
