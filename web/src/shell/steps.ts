/** The path from an empty project to a file of picks. */
export type Step = "diameter" | "wait" | "correct" | "train" | "training" | "review";

export interface Situation {
  needsDiameter: boolean;
  isPicking: boolean;
  /** Whether the open image has picks. */
  hasPicks: boolean;
  labels: number;
  /** Whether something is missing before a training makes sense. */
  isMissing: boolean;
  isTraining: boolean;
  hasTrained: boolean;
}

export function nextStep(now: Situation): Step {
  if (now.needsDiameter) return "diameter";
  if (now.isTraining) return "training";
  if (now.hasTrained) return "review";
  if (now.isPicking && !now.hasPicks && now.labels === 0) return "wait";
  return now.isMissing ? "correct" : "train";
}
