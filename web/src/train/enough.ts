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

/** From so many labels on, whole images are kept aside to judge the new model by. */
const ENOUGH_TO_JUDGE = 40;

/**
 * What to know of a training from few labels; null from where they are enough to judge it.
 *
 * @param particles that people set or confirmed.
 */
export function unchecked(particles: number): string | null {
  if (particles >= ENOUGH_TO_JUDGE) return null;
  return (
    `With fewer than ${ENOUGH_TO_JUDGE} labelled particles, all of them teach and none checks: ` +
    "look at the new picks beside the old before you trust them."
  );
}
