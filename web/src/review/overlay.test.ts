import { expect, test } from "vitest";

import { Overlay } from "./overlay";

const reject = { number: 4, decision: "reject" as const, reason: "ice" };
const keep = { number: 4, decision: "keep" as const, reason: null };

test("a word on its way covers every answer", () => {
  const overlay = new Overlay();
  overlay.add(1, [reject]);
  expect(overlay.over(1, 4, 1_000_000)).toEqual(reject);
  expect(overlay.over(2, 4, 1_000_000)).toBeNull();
  expect(overlay.over(1, 5, 1_000_000)).toBeNull();
});

test("a saved word covers answers that were asked for before", () => {
  const overlay = new Overlay();
  overlay.add(1, [reject]);
  overlay.saved(1, [reject], 100);
  expect(overlay.over(1, 4, 99)).toEqual(reject);
  expect(overlay.over(1, 4, 101)).toBeNull();
});

test("a later word stays although the earlier one was saved", () => {
  const overlay = new Overlay();
  overlay.add(1, [reject]);
  overlay.add(1, [keep]);
  overlay.saved(1, [reject], 100);
  expect(overlay.over(1, 4, 200)).toEqual(keep);
});

test("a refused word no longer covers anything", () => {
  const overlay = new Overlay();
  overlay.add(1, [reject]);
  overlay.drop(1, [reject]);
  expect(overlay.over(1, 4, 0)).toBeNull();
});

test("all words on a set, by candidate", () => {
  const overlay = new Overlay();
  overlay.add(1, [reject, { number: 9, decision: null }]);
  overlay.add(11, [{ number: 5, decision: "keep" }]);
  expect([...overlay.allOver(1, 50)]).toEqual([
    [4, "reject"],
    [9, null],
  ]);
});
