import { expect, test } from "vitest";

import { goTo, isChosen, placesOf, START, step, toggle } from "./selection";

test("without a choice, the place that the keys are at counts", () => {
  expect(placesOf(goTo(START, 7, 100))).toEqual([7]);
  expect(isChosen(goTo(START, 7, 100), 7)).toBe(false);
});

test("shift chooses from the anchor, in both directions", () => {
  const at = goTo(START, 5, 100);
  expect(placesOf(goTo(at, 8, 100, true))).toEqual([5, 6, 7, 8]);
  const back = goTo(goTo(at, 8, 100, true), 3, 100, true);
  expect(placesOf(back)).toEqual([3, 4, 5]);
  expect(isChosen(back, 8)).toBe(false);
});

test("moving without shift forgets the range", () => {
  const moved = goTo(goTo(goTo(START, 5, 100), 8, 100, true), 9, 100);
  expect(placesOf(moved)).toEqual([9]);
});

test("toggling adds to a range and takes away again", () => {
  const range = goTo(goTo(START, 2, 100), 4, 100, true);
  const more = toggle(range, 9);
  expect(placesOf(more)).toEqual([2, 3, 4, 9]);
  expect(placesOf(toggle(more, 3))).toEqual([2, 4, 9]);
});

test("a range can follow places chosen one by one", () => {
  const one = toggle(START, 1);
  expect(placesOf(goTo(toggle(one, 10), 12, 100, true))).toEqual([1, 10, 11, 12]);
});

test("places stay within the gallery", () => {
  expect(goTo(START, 200, 100).at).toBe(99);
  expect(goTo(START, -3, 100).at).toBe(0);
  expect(goTo(START, 3, 0).at).toBe(0);
});

test("arrows move by one and by a row, pages by what is in sight", () => {
  expect(step(10, "ArrowRight", 6, 4, 100)).toBe(11);
  expect(step(10, "ArrowUp", 6, 4, 100)).toBe(4);
  expect(step(3, "ArrowUp", 6, 4, 100)).toBe(0);
  expect(step(10, "PageDown", 6, 4, 100)).toBe(34);
  expect(step(98, "ArrowDown", 6, 4, 100)).toBe(99);
  expect(step(10, "Home", 6, 4, 100)).toBe(0);
  expect(step(10, "End", 6, 4, 100)).toBe(99);
  expect(step(10, "q", 6, 4, 100)).toBeNull();
});
