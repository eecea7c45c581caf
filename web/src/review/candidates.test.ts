import { expect, test } from "vitest";

import type { ImagePicks } from "../api/schema";
import {
  countsOf,
  drawnCount,
  lengthOf,
  HIDDEN,
  KEPT,
  LEFT_OUT,
  REJECTED,
  shownAs,
  TO_REVIEW,
  toCandidates,
  UNDECIDED,
  withDecisions,
} from "./candidates";

const answer: ImagePicks = {
  is_picked: true,
  number: [4, 9, 2],
  x: [10.25, 20, 30],
  y: [1, 2, 3],
  z: null,
  score: [0.9, 0.5, 0.1],
  class_index: null,
  judgement: null,
  said: [
    { number: 4, decision: "keep", reason: null, by: "ada" },
    { number: 2, decision: "reject", reason: "ice", by: "ada" },
  ],
  classes: ["particle"],
};
const unsaid = { ...answer, said: [] };
const judgement = {
  verdict: [3, 2, 1],
  probability: [0.1, 0.5, null],
  class_index: [1, 0, -1],
  classes: ["particle", "ice"],
};

test("columns become arrays of the same order", () => {
  const candidates = toCandidates(3, 7, answer);
  expect([...candidates.number]).toEqual([4, 9, 2]);
  expect([...candidates.decision]).toEqual([KEPT, UNDECIDED, REJECTED]);
  expect(candidates.z).toBeNull();
  expect(candidates.className).toBeNull();
});

test("numbers of classes become their names", () => {
  const several = { ...answer, classes: ["a", "b"], class_index: [1, 0, 1], judgement };
  const candidates = toCandidates(3, 7, several);
  expect(candidates.className).toEqual(["b", "a", "b"]);
  expect(candidates.predictedClass).toEqual(["ice", "particle", null]);
  expect(candidates.probability?.[2]).toBeNaN();
});

test("an image without decisions or picks is no special case", () => {
  const none = { ...unsaid, number: [], x: [], y: [], score: [] };
  const candidates = toCandidates(3, 7, none);
  expect(candidates.length).toBe(0);
  expect(countsOf(candidates, 0)).toEqual({ kept: 0, toReview: 0, leftOut: 0, rejected: 0 });
});

test("what stays keeps its arrays, what was decided does not", () => {
  const before = toCandidates(3, 7, answer);
  const same = toCandidates(3, 7, answer, before);
  expect([same.x, same.score, same.verdict]).toEqual([before.x, before.score, before.verdict]);
  expect(same.verdict).toBe(before.verdict);
  const after = toCandidates(3, 7, unsaid, before);
  expect(after.x).toBe(before.x);
  expect(after.score).toBe(before.score);
  expect([...after.verdict]).toEqual([0, 0, 0]);
});

test.each([
  ["score", { score: [0.9, 0.5, 0.2] }],
  ["place", { x: [10.25, 20, 31] }],
  ["number", { number: [4, 9, 3] }],
])("another %s is another drawing", (_, change) => {
  const before = toCandidates(3, 7, answer);
  expect(toCandidates(3, 7, { ...answer, ...change }, before).score).not.toBe(before.score);
});

test("another image or set never takes over arrays", () => {
  const before = toCandidates(3, 7, answer);
  expect(toCandidates(3, 8, answer, before).score).not.toBe(before.score);
  expect(toCandidates(4, 7, answer, before).score).not.toBe(before.score);
});

test("decisions of this page are laid over, by number", () => {
  const said = withDecisions(
    toCandidates(3, 7, answer),
    new Map([
      [9, "reject" as const],
      [4, null],
      [1000, "keep" as const],
    ]),
  );
  expect([...said.decision]).toEqual([UNDECIDED, REJECTED, REJECTED]);
  expect([...said.said.keys()].sort()).toEqual([2, 9]);
});

test("a person's word goes before a pruning's, and where it is taken back the pruning's counts", () => {
  const candidates = toCandidates(3, 7, { ...answer, judgement });
  expect([...candidates.verdict]).toEqual([KEPT, TO_REVIEW, REJECTED]);
  const after = withDecisions(candidates, new Map([[4, null], [9, "keep" as const]]));
  expect([...after.verdict]).toEqual([REJECTED, KEPT, REJECTED]);
});

test("a candidate exactly at the threshold is selected", () => {
  expect(drawnCount(toCandidates(3, 7, unsaid), 0.5)).toBe(2);
});

test("a candidate is drawn as what became of it, and not below the threshold", () => {
  const candidates = toCandidates(3, 7, { ...unsaid, judgement });
  const shown = (threshold: number) => [0, 1, 2].map((one) => shownAs(candidates, one, threshold));
  expect(shown(0)).toEqual([REJECTED, TO_REVIEW, KEPT]);
  expect(shown(0.5)).toEqual([REJECTED, TO_REVIEW, HIDDEN]);
  expect(countsOf(candidates, 0)).toEqual({ kept: 2, toReview: 1, leftOut: 0, rejected: 1 });
});

test("what is left out is shown and no pick, until a person keeps it", () => {
  const bound = { ...judgement, verdict: [3, 4, 1] };
  const candidates = toCandidates(3, 7, { ...unsaid, judgement: bound });
  expect(shownAs(candidates, 1, 0)).toBe(LEFT_OUT);
  expect(countsOf(candidates, 0)).toEqual({ kept: 1, toReview: 0, leftOut: 1, rejected: 1 });
  expect(drawnCount(withDecisions(candidates, new Map([[9, "keep" as const]])), 0)).toBe(2);
});

test("what a person keeps is shown whatever its score", () => {
  const candidates = withDecisions(
    toCandidates(3, 7, { ...unsaid, judgement }),
    new Map([[2, "keep" as const]]),
  );
  expect(shownAs(candidates, 2, 0.95)).toBe(KEPT);
  expect(countsOf(candidates, 0.95)).toEqual({ kept: 1, toReview: 0, leftOut: 0, rejected: 0 });
});

test("one class is counted alone", () => {
  const candidates = toCandidates(3, 7, {
    ...unsaid,
    class_index: [0, 1, 0],
    classes: ["particle", "other"],
  });
  expect(countsOf(candidates, 0.2, "particle").kept).toBe(1);
  expect(countsOf(candidates, 0.2, "other").kept).toBe(1);
  expect(lengthOf(candidates, "particle")).toBe(2);
  expect(lengthOf(candidates, null)).toBe(3);
});
