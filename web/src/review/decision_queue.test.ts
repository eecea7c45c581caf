import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ApiError } from "../api/errors";
import { MemoryStore } from "../state/memory_store";
import { DecisionQueue } from "./decision_queue";
import { decisionStore, type Said } from "./decision_store";

const AGAIN = new ApiError(0, "no answer");
const reject = (number: number) => ({ number, decision: "reject" as const });

let count = 0;
let sent: Said[] = [];
let refused: string[] = [];
let answers: Error[] = [];

function queueOn(store: MemoryStore, project = "a"): DecisionQueue {
  const queue = new DecisionQueue(
    {
      deliver: async (said) => {
        sent.push(said);
        const error = answers.shift();
        if (error) throw error;
        return { kind: "saved", result: undefined };
      },
      ended: (_, end) => {
        if (end.kind === "refused") refused.push(end.message);
      },
    },
    () => `review-${count++}`,
  );
  queue.outbox.start(decisionStore(project, store));
  return queue;
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
  const store = new MemoryStore();
  const queue = queueOn(store);
  queue.submit(1, [reject(1)]);
  queue.submit(1, [reject(2)]);
  expect(store.map.size).toBe(2);
  await queue.outbox.settled();
  expect(sent.map((one) => one.decisions[0]?.number)).toEqual([1, 2]);
  expect(queue.outbox.waiting).toEqual([]);
  expect(store.map.size).toBe(0);
});

test("after a dropped tunnel the same review is sent again under the same id", async () => {
  answers = [AGAIN, AGAIN];
  const queue = queueOn(new MemoryStore());
  queue.submit(1, [reject(1)]);
  await queue.outbox.settled();
  expect(queue.outbox.problem).toBe("no answer");
  expect(queue.outbox.waiting.length).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent.length).toBe(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent.map((one) => one.id)).toEqual(["review-0", "review-0", "review-0"]);
  expect(queue.outbox.waiting).toEqual([]);
  expect(queue.outbox.problem).toBeNull();
});

test("when the network is back nothing waits for the clock", async () => {
  answers = [AGAIN];
  const queue = queueOn(new MemoryStore());
  queue.submit(1, [reject(1)]);
  await queue.outbox.settled();
  queue.outbox.hurry();
  await queue.outbox.settled();
  expect(queue.outbox.waiting).toEqual([]);
});

test("a reload finds what was not saved, in order", async () => {
  const store = new MemoryStore();
  answers = [AGAIN];
  const queue = queueOn(store);
  queue.submit(1, [reject(1)]);
  queue.submit(2, [reject(2)]);
  await queue.outbox.settled();
  sent = [];
  await queueOn(store).outbox.settled();
  expect(sent.map((one) => [one.id, one.set])).toEqual([
    ["review-0", 1],
    ["review-1", 2],
  ]);
  expect(store.map.size).toBe(0);
});

test("decisions of another project at the same address are left alone", async () => {
  const store = new MemoryStore();
  answers = [AGAIN];
  const queue = queueOn(store);
  queue.submit(1, [reject(1)]);
  await queue.outbox.settled();
  sent = [];
  await queueOn(store, "b").outbox.settled();
  expect(sent).toEqual([]);
  expect(store.map.size).toBe(1);
});

test("what the server refuses for good does not hold up the rest", async () => {
  answers = [new ApiError(404, "no such candidate")];
  const queue = queueOn(new MemoryStore());
  queue.submit(1, [reject(1)]);
  queue.submit(1, [reject(2)]);
  await queue.outbox.settled();
  expect(refused).toEqual(["no such candidate"]);
  expect(sent.length).toBe(2);
  expect(queue.outbox.waiting).toEqual([]);
});

test("a full storage is said, and the decision still sent", async () => {
  answers = [AGAIN];
  const queue = queueOn(new MemoryStore(5));
  queue.submit(1, [reject(1)]);
  expect(queue.outbox.hasUnkept).toBe(true);
  await queue.outbox.settled();
  queue.outbox.hurry();
  await queue.outbox.settled();
  expect(sent.length).toBe(2);
  expect(queue.outbox.hasUnkept).toBe(false);
});

test("very many decisions go in several requests", async () => {
  const queue = queueOn(new MemoryStore());
  queue.submit(1, Array.from({ length: 45_000 }, (_, index) => reject(index)));
  await queue.outbox.settled();
  expect(sent.map((one) => one.decisions.length)).toEqual([20_000, 20_000, 5_000]);
});

test("what is no decision in the storage is cleared away", () => {
  const store = new MemoryStore();
  store.set("nunatak.review.1", "{");
  store.set("nunatak.review.2", '{"id": 3}');
  store.set("nunatak.decision.a.1", '{"id": 3}');
  expect(decisionStore("a", store).all()).toEqual([]);
  expect(store.map.size).toBe(0);
});

test("what an earlier version of the page has kept is sent, in order, and before the new", async () => {
  const store = new MemoryStore();
  const old = (id: string, project: string) =>
    JSON.stringify({ id, set: 1, decisions: [reject(1)], project });
  store.set("nunatak.review.0001790000000002.000000000.late", old("late", "a"));
  store.set("nunatak.review.0001790000000001.000000001.next", old("next", "a"));
  store.set("nunatak.review.0001790000000001.000000000.first", old("first", "a"));
  store.set("nunatak.review.0001790000000001.000000000.other", old("other", "b"));
  answers = [AGAIN];
  const queue = queueOn(store);
  queue.submit(1, [reject(2)]);
  await queue.outbox.settled();
  sent = [];
  await queueOn(store).outbox.settled();
  expect(sent.map((one) => one.id)).toEqual(["first", "next", "late", "review-0"]);
  expect([...store.map.keys()]).toEqual(["nunatak.review.0001790000000001.000000000.other"]);
});

test("an earlier version's decisions stay where they are while there is no room to move them", () => {
  const store = new MemoryStore();
  const value = JSON.stringify({ id: "old", set: 1, decisions: [reject(1)], project: "a" });
  store.set("nunatak.review.0001790000000001.000000000.old", value);
  store.room = 0;
  expect(decisionStore("a", store).all()).toEqual([]);
  expect(store.map.size).toBe(1);
});

test("a question that needs the list to stand still holds back what is decided meanwhile", async () => {
  const queue = queueOn(new MemoryStore());
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
  const queue = queueOn(new MemoryStore());
  queue.submit(1, [reject(1)]);
  await queue.outbox.settled();
  await expect(queue.standingStill(async () => 1)).rejects.toThrow("not saved yet");
  queue.outbox.hurry();
  expect(await queue.standingStill(async () => 2)).toBe(2);
});
