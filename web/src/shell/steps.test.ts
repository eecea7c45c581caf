import { describe, expect, it } from "vitest";
import { nextStep, type Situation } from "./steps";

const START: Situation = {
  isUnreadable: false,
  needsDiameter: true,
  isPicking: false,
  hasPicks: false,
  labels: 0,
  isMissing: true,
  isTraining: false,
  hasTrained: false,
};

describe("the next step", () => {
  it("leads from the diameter to the review", () => {
    const path: Partial<Situation>[] = [
      {},
      { needsDiameter: false, isPicking: true },
      { hasPicks: true },
      { labels: 10, isMissing: false },
      { isTraining: true },
      { isTraining: false, hasTrained: true },
    ];
    let now = START;
    const steps = path.map((change) => nextStep((now = { ...now, ...change })));
    expect(steps).toEqual(["diameter", "wait", "correct", "train", "training", "review"]);
  });

  it("leads away from an image that cannot be read", () => {
    expect(nextStep({ ...START, isUnreadable: true })).toBe("unreadable");
  });

  it("does not make those wait who label already", () => {
    expect(nextStep({ ...START, needsDiameter: false, isPicking: true, labels: 1 })).toBe(
      "correct",
    );
  });
});
