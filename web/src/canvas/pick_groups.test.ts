import { expect, test } from "vitest";
import { KEPT, LEFT_OUT, REJECTED, TO_REVIEW, UNDECIDED } from "../review/candidates";
import { groupsOf, type Grouped } from "./pick_groups";

const verdict = Uint8Array.of(UNDECIDED, REJECTED, TO_REVIEW, KEPT, KEPT);
const picks: Grouped = {
  x: Float32Array.of(0, 1, 2, 3, 4),
  y: Float32Array.of(10, 11, 12, 13, 14),
  score: Float32Array.of(0.875, 0.75, 0.5, 0.25, 0.125),
  className: null,
  // The last one by a person, the one before by a pruning.
  decision: Uint8Array.of(0, 0, 0, 0, KEPT),
  verdict,
};
const noRadius = (): null => null;

test("picks are sorted by what became of them", () => {
  const { kept, toReview, rejected } = groupsOf(picks, noRadius);
  expect([...kept.positions]).toEqual([4, 14, 0, 10, 3, 13]);
  expect([...toReview.positions]).toEqual([2, 12]);
  expect([...rejected.positions]).toEqual([1, 11]);
  expect(rejected.radii).toBeNull();
});

test("what is left out is drawn as what else is to be reviewed", () => {
  const { toReview } = groupsOf({ ...picks, verdict: verdict.with(0, LEFT_OUT) }, noRadius);
  expect([...toReview.positions]).toEqual([0, 10, 2, 12]);
});

test("what a person keeps passes any threshold", () => {
  const { scores } = groupsOf(picks, noRadius).kept;
  expect([...scores]).toEqual([Infinity, 0.875, 0.25]);
});

test("classes have radii of their own, in each group's order", () => {
  const className = ["a", "b", "a", "b", "a"];
  const { kept } = groupsOf({ ...picks, className }, (name) => (name === "a" ? 5 : 7));
  expect([...(kept.radii ?? [])]).toEqual([5, 5, 7]);
});

test("no picks make empty groups", () => {
  const none = new Uint8Array();
  const empty = new Float32Array();
  const nothing = { x: empty, y: empty, score: empty, className: null, decision: none };
  expect(groupsOf({ ...nothing, verdict: none }, noRadius).kept.positions).toHaveLength(0);
});
