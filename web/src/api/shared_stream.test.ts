import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSource } from "./fake_source";
import { SharedStream, type Heard } from "./shared_stream";

type Callback = () => Promise<void> | undefined;
interface Wish {
  callback: Callback;
  grant: (value?: unknown) => void;
  refuse: (reason: unknown) => void;
}

/** The locks of a browser, of one name. */
class FakeLocks {
  #holder: Wish | null = null;
  readonly #waiting: Wish[] = [];

  request(_name: string, options: LockOptions, callback: Callback): Promise<unknown> {
    return new Promise((grant, refuse) => {
      const wish = { callback, grant, refuse };
      options.signal?.addEventListener("abort", () => {
        const index = this.#waiting.indexOf(wish);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        refuse(new Error("aborted"));
      });
      if (options.steal) {
        this.#holder?.refuse(new Error("stolen"));
        this.#hold(wish);
      } else {
        this.#waiting.push(wish);
        this.#next();
      }
    });
  }

  #next(): void {
    const first = this.#holder === null ? this.#waiting.shift() : undefined;
    if (first) this.#hold(first);
  }

  #hold(wish: Wish): void {
    this.#holder = wish;
    void Promise.resolve(wish.callback()).then(() => {
      wish.grant();
      if (this.#holder !== wish) return;
      this.#holder = null;
      this.#next();
    });
  }
}

class FakeChannel {
  static open = new Set<FakeChannel>();
  onmessage: ((message: { data: unknown }) => void) | null = null;
  /** Of a tab that neither says nor hears anything. */
  isFrozen = false;

  constructor(private readonly name: string) {
    FakeChannel.open.add(this);
  }

  postMessage(data: unknown): void {
    if (this.isFrozen) return;
    for (const other of FakeChannel.open) {
      const hears = other !== this && other.name === this.name && !other.isFrozen;
      if (hears) other.onmessage?.({ data });
    }
  }

  close(): void {
    FakeChannel.open.delete(this);
  }
}

class Tab {
  heard: Heard[] = [];
  readonly shared = new SharedStream("one", (heard) => this.heard.push(heard));

  get streams(): (string | null)[] {
    return this.heard.map((one) => one.stream);
  }

  get texts(): string[] {
    return this.heard.flatMap((one) => one.text ?? []);
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const say = (data: string) => FakeSource.open[0]!.onmessage?.({ data });
let tabs: Tab[];

async function opened(count: number): Promise<void> {
  tabs = [];
  for (let index = 0; index < count; index++) {
    tabs.push(new Tab());
    await settled();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.install();
  FakeChannel.open = new Set();
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  vi.stubGlobal("navigator", { locks: new FakeLocks() });
});
afterEach(() => {
  for (const tab of tabs) tab.shared.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("tabs of one browser", () => {
  it("share one stream, and all hear the same", async () => {
    await opened(8);
    expect(FakeSource.made).toHaveLength(1);
    FakeSource.last.onopen?.();
    say("one");
    say("two");
    for (const tab of tabs) {
      expect(tab.texts).toEqual(["one", "two"]);
      expect(new Set(tab.streams).size).toBe(1);
    }
  });

  it("tell one that comes later which stream is open", async () => {
    await opened(1);
    FakeSource.last.onopen?.();
    tabs.push(new Tab());
    expect(tabs[1]!.streams).toEqual(tabs[0]!.streams);
    tabs.push(new Tab());
    FakeSource.last.fail();
    expect(tabs[2]!.streams).toEqual([tabs[0]!.streams[0], null]);
  });

  it("say nothing of a stream that is only about to open", async () => {
    await opened(2);
    expect(tabs[1]!.heard).toEqual([]);
  });

  it("hand over when the tab with the stream is closed", async () => {
    await opened(3);
    FakeSource.last.onopen?.();
    const [first] = tabs[1]!.streams;
    tabs[0]!.shared.close();
    await settled();
    expect(FakeSource.open).toHaveLength(1);
    FakeSource.last.onopen?.();
    say("three");
    for (const tab of tabs.slice(1)) {
      expect(tab.streams).toHaveLength(3);
      expect(tab.streams[1]).not.toBe(first); // so that everything is read again
      expect(tab.texts).toEqual(["three"]);
    }
    expect(tabs[0]!.texts).toEqual([]);
  });

  it("keep the stream when another tab is closed", async () => {
    await opened(3);
    tabs[1]!.shared.close();
    tabs[2]!.shared.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSource.made).toHaveLength(1);
    expect(FakeSource.open).toHaveLength(1);
  });

  it("leave nothing open when all are closed", async () => {
    await opened(3);
    for (const tab of tabs) tab.shared.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSource.open).toEqual([]);
    expect(FakeChannel.open.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("wait as long as the tab with the stream gives a sign of life", async () => {
    await opened(2);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(FakeSource.made).toHaveLength(1);
  });

  it("take the stream from a tab that hangs, which listens when it goes on", async () => {
    await opened(2);
    FakeSource.last.onopen?.();
    const [channel] = FakeChannel.open;
    channel!.isFrozen = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(FakeSource.made).toHaveLength(2);
    expect(FakeSource.made[0]!.readyState).toBe(FakeSource.CLOSED);
    channel!.isFrozen = false;
    FakeSource.last.onopen?.();
    say("again");
    expect(tabs[0]!.texts).toEqual(["again"]);
    expect(tabs[1]!.texts).toEqual(["again"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSource.open).toHaveLength(1);
  });

  it("each have a stream where the browser refuses locks", async () => {
    vi.stubGlobal("navigator", { locks: { request: () => Promise.reject(new Error("denied")) } });
    await opened(2);
    expect(FakeSource.open).toHaveLength(2);
    FakeSource.made[0]!.onopen?.();
    FakeSource.made[0]!.onmessage?.({ data: "mine" });
    expect(tabs[0]!.texts).toEqual(["mine"]);
    expect(tabs[1]!.heard).toEqual([]);
  });
});
