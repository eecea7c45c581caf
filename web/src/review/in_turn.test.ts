import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { inTurn } from "./in_turn";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("many calls at once run twice: at once, and once more for what came meanwhile", async () => {
  const run = vi.fn(async () => undefined);
  const call = inTurn(run, 1_000);
  for (let index = 0; index < 50; index++) call();
  expect(run).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(run).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(run).toHaveBeenCalledTimes(2);
});

test("after the pause a call runs at once again", async () => {
  const run = vi.fn(async () => undefined);
  const call = inTurn(run, 1_000);
  call();
  await vi.advanceTimersByTimeAsync(2_000);
  call();
  expect(run).toHaveBeenCalledTimes(2);
});
