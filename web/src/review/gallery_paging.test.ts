import { expect, test } from "vitest";

import { hasChanged, serverOffset } from "./gallery_paging";

test("decided places before a page shorten the server's list", () => {
  expect(serverOffset(60, new Set())).toBe(60);
  expect(serverOffset(60, new Set([0, 5, 59]))).toBe(57);
  expect(serverOffset(60, new Set([60, 90]))).toBe(60);
});

test("only what this page did not do itself counts as a change", () => {
  expect(hasChanged(100, new Set([1, 2]), 98)).toBe(false);
  expect(hasChanged(100, new Set([1, 2]), 97)).toBe(true);
  expect(hasChanged(100, new Set(), 140)).toBe(true);
});
