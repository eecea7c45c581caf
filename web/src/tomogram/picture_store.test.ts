import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "../api/errors";
import type { Picture } from "./greys";
import { PictureStore, type StoreOptions, type Wish } from "./picture_store";

const picture: Picture = { grey: new Uint8Array(10), width: 5, height: 2 };
const wish = (key: string): Wish => ({ key, url: `/${key}` });
const wishes = (...keys: string[]) => keys.map(wish);

/** A server whose answers the test gives. */
class Answers {
  readonly asked: string[] = [];
  readonly open = new Map<string, { resolve: (p: Picture) => void; reject: (e: Error) => void }>();
  readonly aborted: string[] = [];

  load = (url: string, signal: AbortSignal): Promise<Picture> => {
    this.asked.push(url);
    signal.addEventListener("abort", () => this.aborted.push(url));
    return new Promise((resolve, reject) => this.open.set(url, { resolve, reject }));
  };

  async give(url: string): Promise<void> {
    this.open.get(url)!.resolve(picture);
    await vi.advanceTimersByTimeAsync(0);
  }

  async refuse(url: string, error: Error): Promise<void> {
    this.open.get(url)!.reject(error);
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe("picture store", () => {
  let answers: Answers;
  const onChange = vi.fn();
  const make = (options: Partial<StoreOptions> = {}) =>
    new PictureStore({ load: answers.load, onChange, atOnce: 2, retryMs: 1000, ...options });

  beforeEach(() => {
    vi.useFakeTimers();
    answers = new Answers();
    onChange.mockClear();
  });
  afterEach(() => vi.useRealTimers());

  it("asks for few at once, in order, and each once", async () => {
    const store = make();
    store.want(wishes("a", "b", "c", "d"));
    expect(answers.asked).toEqual(["/a", "/b"]);
    await answers.give("/b");
    expect(answers.asked).toEqual(["/a", "/b", "/c"]);
    expect(store.get("b")).toBe(picture);
    expect(onChange).toHaveBeenCalledWith("b");
    store.want(wishes("a", "b", "c", "d"));
    expect(answers.asked).toHaveLength(3);
  });

  it("serves the newest wish first and gives up what nobody wants", async () => {
    const store = make();
    store.want(wishes("a", "b", "c"));
    store.want(wishes("x", "b"));
    expect(answers.aborted).toEqual(["/a"]);
    expect(answers.asked).toEqual(["/a", "/b", "/x"]);
    await answers.give("/a");
    expect(store.get("a")).toBeUndefined();
    expect(onChange).not.toHaveBeenCalled();
  });

  it("asks anew for what was given up and is wanted again", () => {
    const store = make();
    store.want(wishes("a"));
    store.want([]);
    store.want(wishes("a"));
    expect(answers.asked).toEqual(["/a", "/a"]);
  });

  it("forgets what was used longest ago, and never the last", async () => {
    const store = make({ capacityBytes: 25 });
    store.want(wishes("a", "b"));
    await answers.give("/a");
    await answers.give("/b");
    store.get("a");
    store.want(wishes("c"));
    await answers.give("/c");
    expect(store.get("b")).toBeUndefined();
    expect(store.get("a")).toBe(picture);
    const tight = make({ capacityBytes: 1 });
    tight.want(wishes("z"));
    await answers.give("/z");
    expect(tight.get("z")).toBe(picture);
  });

  it("says why one failed and tries again after a while", async () => {
    const store = make();
    store.want(wishes("a"));
    await answers.refuse("/a", new ApiError(0, "the tunnel is down"));
    expect(store.failureOf("a")).toBe("the tunnel is down");
    expect(answers.asked).toEqual(["/a"]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(answers.asked).toEqual(["/a", "/a"]);
    await answers.give("/a");
    expect(store.get("a")).toBe(picture);
    expect(store.failureOf("a")).toBeUndefined();
  });

  it("does not ask again where that would not help", async () => {
    const store = make();
    store.want(wishes("a"));
    await answers.refuse("/a", new ApiError(404, "there is no such slice"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toEqual(["/a"]);
    expect(store.failureOf("a")).toBe("there is no such slice");
  });

  it("stops when closed", async () => {
    const store = make();
    store.want(wishes("a", "b", "c"));
    store.close();
    expect(answers.aborted).toEqual(["/a", "/b"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toHaveLength(2);
  });
});
