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

const LOOK = "look at the new picks beside the old before you trust them.";

/**
 * What to know of a training that no label checks; null where there are enough to judge it.
 *
 * @param particles that people set or confirmed.
 * @param images on which people set some.
 */
export function unchecked(particles: number, images: number): string | null {
  if (particles >= ENOUGH_TO_JUDGE && images !== 1) return null;
  const few =
    particles >= ENOUGH_TO_JUDGE
      ? "all particles labelled on one image"
      : `fewer than ${ENOUGH_TO_JUDGE} labelled particles`;
  return `With ${few}, all of them teach and none checks: ${LOOK}`;
}

/** The same of a training in tomograms, where labels are never kept aside. */
export const UNCHECKED_IN_TOMOGRAMS = `In tomograms all labels teach and none checks: ${LOOK}`;
