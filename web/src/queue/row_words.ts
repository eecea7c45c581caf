/** What the queue says of an image. */
import type { ImageSummary } from "../api/client";
import { count, counted, moment } from "../shell/format";
import type { PickCount } from "./counts";

/** What people labelled there. */
export function factsOf(image: ImageSummary): string {
  if (image.problem !== null) return "cannot be read";
  const parts: string[] = [];
  if (image.labels > 0) parts.push(counted(image.labels, "particle"));
  if (image.negatives > 0) parts.push(`${count(image.negatives)} not`);
  return parts.join(" · ") || "no labels yet";
}

export const picksOf = (picks: PickCount): string => counted(picks.kept, "pick");

/** All that is known, shown when the pointer rests; `now` is passed for the tests. */
export function titleOf(image: ImageSummary, picks: PickCount | null, now = new Date()): string {
  const lines = [`${image.folder}/${image.name}`];
  if (image.problem !== null) lines.push(image.problem);
  if (picks !== null) {
    const rejected = picks.rejected > 0 ? `, and ${count(picks.rejected)} rejected` : "";
    lines.push(`${picksOf(picks)} of the set shown${rejected}`);
  }
  if (image.regions > 0) lines.push(counted(image.regions, "region"));
  if (image.changed !== null) {
    lines.push(`Last changed by ${image.changed.by}, ${moment(image.changed.at, now)}`);
  }
  return lines.join("\n");
}

/** What it means that an image with labels is skipped. */
export function skippedWords(name: string, labels: number): string {
  return (
    `${name} is skipped: its ${counted(labels, "label")} and its picks are kept, but teach nothing, are not ` +
    "counted and go into no file."
  );
}
