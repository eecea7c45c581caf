import { expect, test } from "vitest";

import { follow, isChoice, NOTHING, waiting } from "./choice";

const set = (id: number, images = 5) => ({
  id,
  name: `set ${id}`,
  run: null,
  made_at: "2026-01-01T00:00:00Z",
  is_complete: true,
  images,
  candidates: 10 * images,
  threshold: 0.5,
  classes: ["particle"],
  is_pruned: false,
  predicted_classes: [],
  kept: 0,
  rejected: 0,
  stamp: 1,
  made_for: null,
});

test("the first set with picks is shown, alone", () => {
  expect(follow(NOTHING, [set(1)])).toEqual({ shown: 1, beside: null, newest: 1 });
});

test("a set without picks is shown only where there is nothing else", () => {
  expect(follow(NOTHING, [set(1, 0)])).toEqual({ shown: 1, beside: null, newest: 0 });
  const one = follow(NOTHING, [set(1)]);
  expect(follow(one, [set(2, 0), set(1)])).toEqual(one);
});

test("new picks come to the front, with the old ones beside them", () => {
  const one = follow(NOTHING, [set(1)]);
  expect(follow(one, [set(2), set(1)])).toEqual({ shown: 2, beside: 1, newest: 2 });
});

test("new picks wait while the user is at work on others", () => {
  const one = follow(NOTHING, [set(1)], true);
  expect(one).toEqual({ shown: 1, beside: null, newest: 1 });
  const sets = [set(3, 0), set(2), set(1)];
  expect(follow(one, sets, true)).toEqual(one);
  expect(waiting(one, sets)?.id).toBe(2);
  const later = follow(one, sets);
  expect(later).toEqual({ shown: 2, beside: 1, newest: 2 });
  expect(waiting(later, sets)).toBeNull();
});

test("what the user chose stays until there is a newer set", () => {
  const chosen = { shown: 1, beside: null, newest: 2 };
  expect(follow(chosen, [set(2), set(1)])).toEqual(chosen);
  expect(follow(chosen, [set(3), set(2), set(1)])).toEqual({ shown: 3, beside: 1, newest: 3 });
});

test("sets that are gone are not shown", () => {
  const chosen = { shown: 7, beside: 8, newest: 9 };
  expect(follow(chosen, [set(2), set(1)])).toEqual({ shown: 2, beside: null, newest: 9 });
  expect(follow(chosen, [])).toEqual({ shown: null, beside: null, newest: 9 });
});

test("a set that got its first picks while it was shown has no old one beside it", () => {
  const waiting = follow(NOTHING, [set(1, 0)]);
  expect(follow(waiting, [set(1)])).toEqual({ shown: 1, beside: null, newest: 1 });
});

test("only what was kept by this page is taken up", () => {
  expect(isChoice({ shown: 1, beside: null, newest: 2 })).toBe(true);
  expect(isChoice({ shown: "1", beside: null, newest: 2 })).toBe(false);
  expect(isChoice(null)).toBe(false);
  expect(isChoice([1])).toBe(false);
});
