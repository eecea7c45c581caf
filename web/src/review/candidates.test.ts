import { expect, test } from "vitest";

import {
  drawnCount,
  KEPT,
  REJECTED,
  selectedCount,
  toCandidates,
  UNDECIDED,
  withDecisions,
} from "./candidates";

const answer = {
  is_picked: true,
  number: [4, 9, 2],
  x: [10.25, 20, 30],
  y: [1, 2, 3],
  z: null,
  score: [0.9, 0.5, 0.1],
  class_name: null,
  probability: null,
  predicted_class: null,
  decision: ["keep", null, "reject"] as ("keep" | "reject" | null)[],
};

test("columns become arrays of the same order", () => {
  const candidates = toCandidates(3, 7, answer);
  expect([...candidates.number]).toEqual([4, 9, 2]);
  expect([...candidates.positions]).toEqual([10.25, 1, 20, 2, 30, 3]);
  expect([...candidates.decision]).toEqual([KEPT, UNDECIDED, REJECTED]);
  expect(candidates.z).toBeNull();
});

test("an image without decisions or picks is no special case", () => {
  const none = { ...answer, number: [], x: [], y: [], score: [], decision: null };
  const candidates = toCandidates(3, 7, none);
  expect(candidates.length).toBe(0);
  expect(selectedCount(candidates, 0)).toBe(0);
});

test("places and scores that stay keep their arrays, decisions do not", () => {
  const before = toCandidates(3, 7, answer);
  const after = toCandidates(3, 7, { ...answer, decision: null }, before);
  expect(after.positions).toBe(before.positions);
  expect(after.score).toBe(before.score);
  expect([...after.decision]).toEqual([0, 0, 0]);
});

test.each([
  ["score", { score: [0.9, 0.5, 0.2] }],
  ["place", { x: [10.25, 20, 31] }],
  ["number", { number: [4, 9, 3] }],
])("another %s is another drawing", (_, change) => {
  const before = toCandidates(3, 7, answer);
  expect(toCandidates(3, 7, { ...answer, ...change }, before).positions).not.toBe(before.positions);
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
});

test("a candidate exactly at the threshold is selected", () => {
  expect(selectedCount(toCandidates(3, 7, answer), 0.5)).toBe(2);
});

test("what is rejected by hand is not drawn as a pick", () => {
  const candidates = toCandidates(3, 7, answer);
  const said = withDecisions(candidates, new Map([[candidates.number[0] ?? 0, "reject" as const]]));
  expect(drawnCount(said, 0)).toBe(drawnCount(candidates, 0) - 1);
});
