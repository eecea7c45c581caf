import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Store } from "../state/storage";
import { DecisionQueue, type Outcome } from "./decision_queue";
import { KeptDecisions, type Waiting } from "./decision_store";

/** Storage of a browser, with room for `most` letters. */
function memory(most = Infinity): Store & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => value.length <= most && Boolean(kept.set(key, value)),
    remove: (key) => void kept.delete(key),
    keys: (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)),
  };
}

const SAVED: Outcome = { kind: "saved" };
const AGAIN: Outcome = { kind: "again", message: "no answer" };
const reject = (number: number) => ({ number, decision: "reject" as const });

let count = 0;
let sent: Waiting[] = [];
let refused: string[] = [];
let answers: Outcome[] = [];

function queueOn(store: Store): { queue: DecisionQueue; kept: KeptDecisions } {
  const kept = new KeptDecisions(store, () => 1_000);
  kept.project = "a";
  const send = async (waiting: Waiting): Promise<Outcome> => {
    sent.push(waiting);
    return answers.shift() ?? SAVED;
  };
  const events = {
    saved: () => undefined,
    changed: () => undefined,
    refused: (_: Waiting, message: string) => void refused.push(message),
  };
  return { queue: new DecisionQueue(send, kept, events, () => `review-${count++}`), kept };
}

beforeEach(() => {
  vi.useFakeTimers();
  count = 0;
  sent = [];
  refused = [];
  answers = [];
});
afterEach(() => vi.useRealTimers());

test("decisions are sent one after the other, in order, and then forgotten", async () => {
  const store = memory();
  const { queue } = queueOn(store);
  queue.submit(1, [reject(1)]);
  queue.submit(1, [reject(2)]);
  expect(store.kept.size).toBe(2);
  await queue.settled();
  expect(sent.map((one) => one.decisions[0]?.number)).toEqual([1, 2]);
  expect(queue.waiting).toEqual([]);
  expect(store.kept.size).toBe(0);
});

test("after a dropped tunnel the same review is sent again under the same id", async () => {
  answers = [AGAIN, AGAIN];
  const { queue } = queueOn(memory());
  queue.submit(1, [reject(1)]);
  await queue.settled();
  expect(queue.problem).toBe("no answer");
  expect(queue.waiting.length).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent.length).toBe(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent.map((one) => one.id)).toEqual(["review-0", "review-0", "review-0"]);
  expect(queue.waiting).toEqual([]);
  expect(queue.problem).toBeNull();
});

test("when the network is back nothing waits for the clock", async () => {
  answers = [AGAIN];
  const { queue } = queueOn(memory());
  queue.submit(1, [reject(1)]);
  await queue.settled();
  queue.hurry();
  await queue.settled();
  expect(queue.waiting).toEqual([]);
});

test("a reload finds what was not saved, in order", async () => {
  const store = memory();
  answers = [AGAIN];
  const { queue } = queueOn(store);
  queue.submit(1, [reject(1)]);
  queue.submit(2, [reject(2)]);
  await queue.settled();
  sent = [];
  const { queue: later } = queueOn(store);
  later.resume();
  await later.settled();
  expect(sent.map((one) => [one.id, one.set])).toEqual([
    ["review-0", 1],
    ["review-1", 2],
  ]);
  expect(store.kept.size).toBe(0);
});

test("decisions of another project at the same address are left alone", async () => {
  const store = memory();
  answers = [AGAIN];
  const { queue } = queueOn(store);
  queue.submit(1, [reject(1)]);
  await queue.settled();
  sent = [];
  const { queue: other, kept } = queueOn(store);
  kept.project = "b";
  other.resume();
  await other.settled();
  expect(sent).toEqual([]);
  expect(store.kept.size).toBe(1);
});

test("what the server refuses for good does not hold up the rest", async () => {
  answers = [{ kind: "refused", message: "no such candidate" }];
  const { queue } = queueOn(memory());
  queue.submit(1, [reject(1)]);
  queue.submit(1, [reject(2)]);
  await queue.settled();
  expect(refused).toEqual(["no such candidate"]);
  expect(sent.length).toBe(2);
  expect(queue.waiting).toEqual([]);
});

test("a full storage is said, and the decision still sent", async () => {
  answers = [AGAIN];
  const { queue } = queueOn(memory(5));
  queue.submit(1, [reject(1)]);
  expect(queue.hasUnkept).toBe(true);
  await queue.settled();
  queue.hurry();
  await queue.settled();
  expect(sent.length).toBe(2);
  expect(queue.hasUnkept).toBe(false);
});

test("very many decisions go in several requests", async () => {
  const { queue } = queueOn(memory());
  queue.submit(1, Array.from({ length: 45_000 }, (_, index) => reject(index)));
  await queue.settled();
  expect(sent.map((one) => one.decisions.length)).toEqual([20_000, 20_000, 5_000]);
});

test("what is no decision in the storage is cleared away", () => {
  const store = memory();
  store.set("nunatak.review.1", "{");
  store.set("nunatak.review.2", '{"id": 3}');
  const kept = new KeptDecisions(store);
  expect(kept.list()).toEqual([]);
  expect(store.kept.size).toBe(0);
});

test("a question that needs the list to stand still holds back what is decided meanwhile", async () => {
  const { queue } = queueOn(memory());
  queue.submit(1, [reject(1)]);
  let answer: (value: string) => void = () => undefined;
  const seen: number[] = [];
  const first = queue.standingStill(() => {
    seen.push(sent.length);
    return new Promise<string>((resolve) => (answer = resolve));
  });
  await vi.advanceTimersByTimeAsync(0);
  queue.submit(1, [reject(2)]);
  const second = queue.standingStill(async () => seen.push(sent.length));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sent.length).toBe(1);
  answer("there");
  expect(await first).toBe("there");
  await second;
  // The first saw the first decision saved, and the second both.
  expect(seen).toEqual([1, 2]);
});

test("where nothing can be saved the list cannot be asked for, and later questions can", async () => {
  answers = [AGAIN];
  const { queue } = queueOn(memory());
  queue.submit(1, [reject(1)]);
  await queue.settled();
  await expect(queue.standingStill(async () => 1)).rejects.toThrow("not saved yet");
  queue.hurry();
  expect(await queue.standingStill(async () => 2)).toBe(2);
});
