/** Where a gallery's pages begin on the server, while decisions take items out of its list. */

/**
 * A gallery of undecided candidates on screen keeps its places while they are decided, so that
 * nothing moves under the user's hands; the server's list gets shorter. A place `offset` on screen
 * is that many places earlier on the server as items before it were decided since.
 */
export function serverOffset(offset: number, gone: ReadonlySet<number>): number {
  let before = 0;
  for (const place of gone) if (place < offset) before++;
  return offset - before;
}

/** Whether the server's list is another than the one on screen. */
export function hasChanged(total: number, gone: ReadonlySet<number>, serverTotal: number): boolean {
  return total - gone.size !== serverTotal;
}
