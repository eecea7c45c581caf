import { expect, test } from "vitest";
import { ApiError } from "../api/errors";
import type { PickDecision } from "../api/schema";
import { conflictOf, insisting, seeing, without } from "./decision_conflict";

const keep = (number: number): PickDecision => ({ number, decision: "keep", reason: null });
const present = [1, 2].map((number) => ({
  ...{ number, decision: "reject" as const, reason: "carbon", by: "ben" },
}));
const said = { id: "review-1", set: 7, decisions: seeing([keep(0), keep(1), keep(2)], []) };
const refused = new ApiError(409, "Somebody else", { message: "Somebody else", present });

test("a decision is sent with the word that it replaces", () => {
  const before = [{ number: 1, decision: null }, { number: 2, decision: "reject" as const }];
  const words = seeing([keep(1), keep(2), keep(3)], before).map((one) => one.seen);
  expect(words).toEqual(["none", "reject", null]);
});

test("only what would replace another's word is asked about, and goes on top of it", () => {
  const conflict = conflictOf(said, refused);
  expect(conflict?.mine.map((one) => one.number)).toEqual([1, 2]);
  expect(conflict && insisting(conflict).map((one) => one.seen)).toEqual(["reject", "reject"]);
  expect(conflictOf(said, new ApiError(409, "of another session", null))).toBeNull();
  expect(conflictOf(said, new Error("no answer"))).toBeNull();
});

test("who decides anew is not asked any more", () => {
  const conflict = conflictOf(said, refused);
  if (conflict === null) throw new Error("no conflict");
  expect(without(conflict, new Set([5]))).toBe(conflict);
  expect(without(conflict, new Set([1]))?.present.map((one) => one.number)).toEqual([2]);
  expect(without(conflict, new Set([1, 2]))).toBeNull();
});
