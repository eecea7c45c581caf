/** The histogram of scores on screen. */

export interface Bar {
  /** Left edge and width, 0 to 1 of the picture's width. */
  readonly left: number;
  readonly width: number;
  /** 0 to 1 of its height. */
  readonly height: number;
  readonly count: number;
  /** Of the height: the part of those rejected, which is drawn on top. */
  readonly rejected: number;
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
  rejected: readonly number[] = [],
): Bar[] {
  const together = Math.max(1, Math.ceil(counts.length / Math.max(1, most)));
  const groups: { left: number; right: number; count: number; rejected: number }[] = [];
  const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
  for (let first = 0; first < counts.length; first += together) {
    const last = Math.min(first + together, counts.length);
    const left = edges[first];
    const right = edges[last];
    if (left === undefined || right === undefined) break;
    const count = sum(counts.slice(first, last));
    groups.push({ left, right, count, rejected: sum(rejected.slice(first, last)) });
  }
  const tall = (count: number): number => (isLogarithmic ? Math.log1p(count) : count);
  const tallest = groups.reduce((most_, group) => Math.max(most_, tall(group.count)), 0);
  const heightOf = (count: number): number => (tallest > 0 ? tall(count) / tallest : 0);
  return groups.map((group) => ({
    left: group.left,
    width: group.right - group.left,
    height: heightOf(group.count),
    count: group.count,
    // So that what is below it has the height of its own number, logarithmic or not.
    rejected: heightOf(group.count) - heightOf(group.count - group.rejected),
  }));
}
