/** Runs in words. */
import type { Run } from "../api/schema";

const KINDS: Record<Run["kind"], string> = {
  pick: "Picking",
  train: "Training",
  prune: "Judging picks",
};

/** `Picking: General model`. */
export const titleOf = (run: Run): string => `${KINDS[run.kind]}: ${run.name}`;
