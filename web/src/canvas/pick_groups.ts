/** Picks by what became of them, as arrays to be drawn. */
import { KEPT, LEFT_OUT, REJECTED, TO_REVIEW, type Candidates } from "../review/candidates";

export interface PickGroup {
  /** Pairs of x and y. */
  readonly positions: Float32Array;
  /** Infinity for what a person keeps whatever its score. */
  readonly scores: Float32Array;
  /** Null where one radius does for all. */
  readonly radii: Float32Array | null;
}

export interface PickGroups {
  readonly kept: PickGroup;
  /** Counted or left out. */
  readonly toReview: PickGroup;
  readonly rejected: PickGroup;
}

export type Grouped = Pick<Candidates, "x" | "y" | "score" | "className" | "decision" | "verdict">;

/** Sort picks into what is kept, what a pruning is unsure of, and what is rejected. */
export function groupsOf(
  picks: Grouped,
  radiusOf: (className: string) => number | null,
): PickGroups {
  const [asked, kept, toReview, rejected]: number[][] = [[], [], [], []];
  picks.verdict.forEach((verdict, index) => {
    if (verdict === REJECTED) rejected?.push(index);
    else if (verdict === TO_REVIEW || verdict === LEFT_OUT) toReview?.push(index);
    else if (picks.decision[index] === KEPT) asked?.push(index);
    else kept?.push(index);
  });
  const group = (members: readonly number[] = [], always = 0): PickGroup => ({
    positions: pairs(picks, members),
    scores: Float32Array.from(members, (index, rank) =>
      rank < always ? Infinity : (picks.score[index] ?? 0),
    ),
    radii: picks.className
      ? Float32Array.from(members, (index) => radiusOf(picks.className?.[index] ?? "") ?? 0)
      : null,
  });
  return {
    kept: group([...(asked ?? []), ...(kept ?? [])], asked?.length),
    toReview: group(toReview),
    rejected: group(rejected),
  };
}

function pairs({ x, y }: Grouped, members: readonly number[]): Float32Array {
  const positions = new Float32Array(2 * members.length);
  members.forEach((index, rank) => {
    positions[2 * rank] = x[index] ?? 0;
    positions[2 * rank + 1] = y[index] ?? 0;
  });
  return positions;
}
