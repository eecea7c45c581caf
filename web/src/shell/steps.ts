/** The path from an empty project to a file of picks. */
export type Step = "unreadable" | "diameter" | "wait" | "correct" | "train" | "training" | "review";

export interface Situation {
  /** Whether the open image cannot be read. */
  isUnreadable: boolean;
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
  if (now.isUnreadable) return "unreadable";
  if (now.needsDiameter) return "diameter";
  if (now.isTraining) return "training";
  if (now.hasTrained) return "review";
  if (now.isPicking && !now.hasPicks && now.labels === 0) return "wait";
  return now.isMissing ? "correct" : "train";
}
