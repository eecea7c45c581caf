import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "./errors";
import { Fetching, type FetchingOptions } from "./fetching";

/** A server whose answers the test gives. */
class Answers {
  readonly asked: string[] = [];
  readonly open = new Map<string, { resolve: (size: number) => void; reject: (e: Error) => void }>();
  readonly aborted: string[] = [];

  fetch = (key: string, signal: AbortSignal): Promise<number> => {
    this.asked.push(key);
    signal.addEventListener("abort", () => this.aborted.push(key));
    return new Promise((resolve, reject) => this.open.set(key, { resolve, reject }));
  };

  async give(key: string, size = 10): Promise<void> {
    this.open.get(key)!.resolve(size);
    await vi.advanceTimersByTimeAsync(0);
  }

  async refuse(key: string, error: Error): Promise<void> {
    this.open.get(key)!.reject(error);
    await vi.advanceTimersByTimeAsync(0);
  }
}

const DOWN = new ApiError(0, "the tunnel is down");

describe("fetching", () => {
  let answers: Answers;
  const changed = vi.fn();
  const released = vi.fn();
  /** Of pictures that are their sizes. */
  const make = (options: Partial<FetchingOptions<string, number>> = {}) =>
    new Fetching<string, number>({
      keyOf: (key) => key,
      fetch: answers.fetch,
      sizeOf: (picture) => picture,
      atOnce: 2,
      room: 1000,
      changed,
      released,
      ...options,
    });

  beforeEach(() => {
    vi.useFakeTimers();
    answers = new Answers();
    changed.mockClear();
    released.mockClear();
  });
  afterEach(() => vi.useRealTimers());

  it("asks for few at once, in order, and for each once", async () => {
    const came = vi.fn();
    const store = make({ came });
    store.want(["a", "b", "c", "d"]);
    expect(answers.asked).toEqual(["a", "b"]);
    await answers.give("b");
    expect(answers.asked).toEqual(["a", "b", "c"]);
    expect([store.get("b"), store.isComplete]).toEqual([10, false]);
    expect(came).toHaveBeenCalledWith("b", 10);
    expect(changed).toHaveBeenCalledOnce();
    store.want(["a", "b", "c", "d"]);
    expect(answers.asked).toHaveLength(3);
    for (const key of ["a", "c", "d"]) await answers.give(key);
    expect(store.isComplete).toBe(true);
  });

  it("serves the newest wish first and gives up what nobody wants", async () => {
    const store = make();
    store.want(["a", "b", "c"]);
    store.want(["x", "b"]);
    expect(answers.aborted).toEqual(["a"]);
    expect(answers.asked).toEqual(["a", "b", "x"]);
    await answers.give("a");
    expect(store.get("a")).toBeUndefined();
    expect(changed).not.toHaveBeenCalled();
    // What came all the same is let go.
    expect(released).toHaveBeenCalledWith("a", 10);
  });

  it("asks anew for what was given up and is wanted again", () => {
    const store = make();
    store.want(["a"]);
    store.want([]);
    store.want(["a"]);
    expect(answers.asked).toEqual(["a", "a"]);
  });

  it("lets go of what was used longest ago, and never of the last", async () => {
    const store = make({ room: 25 });
    store.want(["a", "b"]);
    await answers.give("a");
    await answers.give("b");
    store.get("a");
    store.want(["c"]);
    await answers.give("c");
    expect(released.mock.calls).toEqual([["b", 10]]);
    expect(store.get("a")).toBe(10);
    const tight = make({ room: 1 });
    tight.want(["z"]);
    await answers.give("z");
    expect(tight.get("z")).toBe(10);
  });

  it("stops where there is no room for all that is wanted, and keeps what is wanted first", async () => {
    const store = make({ room: 25, atOnce: 1 });
    store.want(["a", "b", "c", "d"]);
    for (const key of ["a", "b", "c"]) await answers.give(key);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toEqual(["a", "b", "c"]);
    expect([store.get("a"), store.get("b"), store.get("c")]).toEqual([10, 10, undefined]);
    store.want(["c", "b"]);
    await answers.give("c");
    expect([store.get("c"), store.get("b"), store.get("a")]).toEqual([10, 10, undefined]);
  });

  it("says why one failed, waits with all, and tries again later and later", async () => {
    const store = make();
    store.want(["a", "b", "c"]);
    await answers.refuse("a", DOWN);
    await answers.refuse("b", DOWN);
    expect([store.failureOf("a"), store.problem]).toEqual([DOWN.message, DOWN.message]);
    expect(answers.asked).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(500);
    expect(answers.asked).toEqual(["a", "b", "a", "b"]);
    await answers.refuse("a", DOWN);
    await vi.advanceTimersByTimeAsync(999);
    expect(answers.asked).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(1);
    expect(answers.asked).toHaveLength(5);
    await answers.give("a");
    expect([store.get("a"), store.failureOf("a"), store.failureOf("b")]).toEqual([
      10,
      null,
      DOWN.message,
    ]);
    await answers.give("b");
    expect(store.problem).toBeNull();
  });

  it("says nothing of failures that nobody wants to see any more", async () => {
    const store = make();
    store.want(["a"]);
    await answers.refuse("a", DOWN);
    store.want(["b"]);
    expect(store.problem).toBeNull();
  });

  it("does not ask again where that would not help, and goes on", async () => {
    const store = make();
    store.want(["a", "b", "c"]);
    await answers.refuse("a", new ApiError(404, "there is no such slice"));
    expect(answers.asked).toEqual(["a", "b", "c"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toHaveLength(3);
    expect(store.failureOf("a")).toBe("there is no such slice");
  });

  it("tells of what it does not ask for again, and asks once more after it was stopped", async () => {
    const failed = vi.fn();
    const fetching = make({ failed });
    const gone = new ApiError(422, "the file is gone");
    fetching.want(["a"]);
    await answers.refuse("a", gone);
    expect(failed.mock.calls).toEqual([[gone]]);
    fetching.want(["a"]);
    expect(answers.asked).toEqual(["a"]);
    fetching.stop();
    expect(fetching.failureOf("a")).toBeNull();
    fetching.want(["a"]);
    expect(answers.asked).toEqual(["a", "a"]);
    await answers.refuse("a", DOWN);
    expect(failed).toHaveBeenCalledTimes(1);
  });

  it("stops when told to, and lets go of all", async () => {
    const store = make();
    store.want(["a", "b", "c"]);
    await answers.give("a");
    await answers.refuse("b", DOWN);
    store.clear();
    expect(answers.aborted).toEqual(["c"]);
    expect(released).toHaveBeenCalledWith("a", 10);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toEqual(["a", "b", "c"]);
    store.want(["a"]);
    expect(answers.asked).toEqual(["a", "b", "c", "a"]);
  });
});
