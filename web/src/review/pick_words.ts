/** What is known of a pick, in words. */
import { KEPT, LEFT_OUT, REJECTED, TO_REVIEW, UNDECIDED, type Candidates } from "./candidates";

const VERDICTS: Readonly<Record<number, string>> = {
  [KEPT]: "kept",
  [TO_REVIEW]: "to review",
  [LEFT_OUT]: "left out, to review",
  [REJECTED]: "rejected",
};

/** Its score, its class, and who decided what: `score 0.83 · rejected by ada: ice`. */
export function wordsOf(candidates: Candidates, index: number): string {
  const { score, className } = candidates;
  const parts = [`score ${(score[index] ?? 0).toFixed(2)}`];
  const name = className?.[index];
  if (name) parts.push(name);
  const byPerson = personsWord(candidates, index);
  const byPruning = pruningsWord(candidates, index);
  if (byPerson) parts.push(byPerson);
  if (byPruning) parts.push(byPruning);
  return parts.join(" · ");
}

function personsWord(candidates: Candidates, index: number): string | null {
  const said = candidates.said.get(candidates.number[index] ?? -1);
  if (!said) return null;
  const word = `${VERDICTS[said.decision] ?? ""} by ${said.by ?? "you"}`;
  return said.reason ? `${word}: ${said.reason}` : word;
}

function pruningsWord(candidates: Candidates, index: number): string | null {
  const { judged, probability, predictedClass } = candidates;
  const verdict = judged?.[index] ?? UNDECIDED;
  if (verdict === UNDECIDED) return null;
  const kind = predictedClass?.[index] ?? null;
  const likely = probability?.[index] ?? NaN;
  const why = [
    ...(kind === null ? [] : [`looks like ${kind}`]),
    ...(Number.isNaN(likely) ? [] : [`${Math.round(100 * likely)} % likely a particle`]),
  ];
  const word = `pruning: ${VERDICTS[verdict] ?? ""}`;
  return why.length > 0 ? `${word} (${why.join(", ")})` : word;
}
