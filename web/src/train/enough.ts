/** Whether there is enough to learn from, said before the server is asked. */
import { count, counted } from "../shell/format";

/** The server refuses to train on fewer, with a sentence of its own. */
const LEAST_PARTICLES = 4;
const GOOD_START = 10;

/**
 * What is missing before a training makes sense; null where nothing is.
 *
 * @param labelled particles that people set.
 * @param kept picks that people confirmed.
 */
export function missing(labelled: number, kept: number): string | null {
  const found = labelled + kept;
  if (found >= LEAST_PARTICLES) return null;
  const start =
    found === 0 ? "No particle is labelled yet." : `${counted(found, "particle")} so far.`;
  const more = `${count(LEAST_PARTICLES - found)}${found === 0 ? "" : " more"}`;
  return `${start} Label at least ${more} to train; ${GOOD_START} on two images are a good start.`;
}
