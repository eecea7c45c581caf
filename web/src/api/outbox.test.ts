import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryStore } from "../state/memory_store";
import type { Delivery, End } from "./carrier";
import { ApiError } from "./errors";
import { Outbox } from "./outbox";
import { OutboxStore } from "./outbox_store";

interface Letter {
  id: string;
}

const understand = (value: unknown) => value as Letter | null;
const saved: Delivery<string> = { kind: "saved", result: "here" };

let memory: MemoryStore;
let sent: string[];
let ends: [string, End<string>][];
/** What happens to a letter; it is saved where nothing is said. */
let answers: Map<string, (() => Promise<Delivery<string>>)[]>;

function outbox(): Outbox<Letter, string> {
  const made = new Outbox<Letter, string>({
    idOf: (letter) => letter.id,
    deliver: async ({ id }) => {
      sent.push(id);
      return (await answers.get(id)?.shift()?.()) ?? saved;
    },
    ended: ({ id }, end) => void ends.push([id, end]),
  });
  made.start(new OutboxStore("letter", "a", understand, memory));
  return made;
}

const fails = (status: number, message: string) => () =>
  Promise.reject(new ApiError(status, message));
const settle = () => vi.advanceTimersByTimeAsync(60_000);

beforeEach(() => {
  vi.useFakeTimers();
  memory = new MemoryStore();
  sent = [];
  ends = [];
  answers = new Map();
});
afterEach(() => void vi.useRealTimers());

describe("the outbox", () => {
  it("sends in order, one at a time, and forgets what is saved", async () => {
    const box = outbox();
    let answer: (delivery: Delivery<string>) => void = () => undefined;
    answers.set("a", [() => new Promise((resolve) => (answer = resolve))]);
    box.submit({ id: "a" });
    box.submit({ id: "b" });
    await settle();
    expect([sent, box.waiting.length, memory.map.size]).toEqual([["a"], 2, 2]);
    answer(saved);
    await settle();
    expect([sent, box.waiting.length, memory.map.size]).toEqual([["a", "b"], 0, 0]);
    expect(ends).toEqual([
      ["a", { kind: "saved", result: "here", isMine: true }],
      ["b", { kind: "saved", result: "here", isMine: true }],
    ]);
  });

  it("waits longer and longer, up to ten seconds", async () => {
    const box = outbox();
    const times: number[] = [];
    const busy = () => {
      times.push(Date.now());
      return fails(503, "busy")();
    };
    answers.set("a", Array.from({ length: 8 }, () => busy));
    box.submit({ id: "a" });
    await settle();
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(box.waiting).toEqual([]);
  });

  it("says whether the server answered, and why things wait", async () => {
    const box = outbox();
    const said: unknown[] = [];
    box.onChange(() => said.push([box.isOnline, box.problem]));
    answers.set("a", [fails(0, "no answer"), fails(503, "busy")]);
    box.submit({ id: "a" });
    await settle();
    expect(said).toEqual([
      [true, null],
      [false, "no answer"],
      [true, "busy"],
      [true, null],
    ]);
  });

  it("does not ask again before it is told to where the session has ended", async () => {
    const box = outbox();
    answers.set("a", [fails(401, "open the address again")]);
    box.submit({ id: "a" });
    await settle();
    expect([sent.length, box.waiting.length, box.problem]).toEqual([1, 1, "open the address again"]);
    box.hurry();
    await settle();
    expect([sent.length, box.waiting.length, box.problem]).toEqual([2, 0, null]);
  });

  it("tries again where another project's server refuses the page, and where code fails", async () => {
    const box = outbox();
    answers.set("a", [fails(403, "another project"), () => Promise.reject(new Error("odd"))]);
    box.submit({ id: "a" });
    await settle();
    expect([sent, ends.length]).toEqual([["a", "a", "a"], 1]);
  });

  it("gives up what is refused for good, and goes on", async () => {
    const box = outbox();
    answers.set("a", [fails(422, "outside the image")]);
    box.submit({ id: "a" });
    box.submit({ id: "b" });
    await settle();
    expect(ends.map(([id, end]) => [id, end.kind])).toEqual([
      ["a", "refused"],
      ["b", "saved"],
    ]);
    expect(memory.map.size).toBe(0);
  });

  it("keeps what lies aside until a person settles it, and sends the rest", async () => {
    const box = outbox();
    answers.set("a", [async () => ({ kind: "aside" })]);
    const letter = { id: "a" };
    box.submit(letter);
    box.submit({ id: "b" });
    await settle();
    expect(ends.map(([id, end]) => [id, end.kind])).toEqual([
      ["a", "aside"],
      ["b", "saved"],
    ]);
    expect([box.waiting.length, memory.map.size]).toEqual([0, 1]);
    box.discard(letter);
    expect(memory.map.size).toBe(0);
  });

  it("does not send again what the tab that it came from has saved", async () => {
    answers.set("a", [fails(0, "no answer")]);
    const one = outbox();
    one.submit({ id: "a" });
    await vi.advanceTimersByTimeAsync(0);
    answers.set("a", [fails(0, "no answer")]);
    const two = outbox();
    await vi.advanceTimersByTimeAsync(0);
    one.hurry();
    await vi.advanceTimersByTimeAsync(0);
    await settle();
    expect(sent).toEqual(["a", "a", "a"]);
    expect(ends.map(([, end]) => end.kind)).toEqual(["saved", "elsewhere"]);
    expect(two.waiting).toEqual([]);
  });

  it("finds room for what had none once something is saved", async () => {
    const box = outbox();
    answers.set("b", [fails(0, "no answer")]);
    memory.room = 0;
    box.submit({ id: "a" });
    box.submit({ id: "b" });
    expect([box.hasUnkept, memory.map.size]).toEqual([true, 0]);
    memory.room = Infinity;
    await vi.advanceTimersByTimeAsync(0);
    expect([box.waiting.length, box.hasUnkept, memory.map.size]).toEqual([1, false, 1]);
  });

  it("keeps what was submitted before it began, behind what was left", async () => {
    outbox().submit({ id: "left" });
    const box = new Outbox<Letter, string>({
      idOf: (letter) => letter.id,
      deliver: async ({ id }) => (sent.push(id), saved),
      ended: () => undefined,
    });
    box.submit({ id: "early" });
    box.start(new OutboxStore("letter", "a", understand, memory));
    expect(box.waiting.map(({ id }) => id)).toEqual(["left", "early"]);
    expect(memory.map.size).toBe(2);
    await settle();
    expect(memory.map.size).toBe(0);
  });

  it("takes over what a tab that is closed has left, and nothing twice", async () => {
    answers.set("mine", [fails(0, "no answer")]);
    const open = outbox();
    open.submit({ id: "mine" });
    await vi.advanceTimersByTimeAsync(0);
    const store = new OutboxStore("letter", "a", understand, memory);
    store.keep(store.newKey("left"), { id: "left" });
    open.adopt();
    open.adopt();
    expect(open.waiting.map(({ id }) => id)).toEqual(["left", "mine"]);
    await settle();
    expect(sent).toEqual(["mine", "left", "mine"]);
    expect([open.waiting.length, memory.map.size]).toEqual([0, 0]);
  });

  it("does not send what another tab has settled meanwhile", async () => {
    const box = outbox();
    let answer: (delivery: Delivery<string>) => void = () => undefined;
    answers.set("a", [() => new Promise((resolve) => (answer = resolve))]);
    box.submit({ id: "a" });
    box.submit({ id: "b" });
    await settle();
    for (const key of [...memory.map.keys(), "another"]) {
      memory.remove(key);
      box.removed(key);
    }
    // What is on its way is waited for.
    expect(ends).toEqual([["b", { kind: "elsewhere" }]]);
    answer(saved);
    await settle();
    expect(sent).toEqual(["a"]);
    expect(ends).toHaveLength(2);
  });

  it("sends nothing while it is held", async () => {
    const box = outbox();
    const release = box.hold();
    box.submit({ id: "a" });
    box.hurry();
    await settle();
    expect(sent).toEqual([]);
    release();
    await box.settled();
    expect(sent).toEqual(["a"]);
  });
});
