import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventStream, type ServerEvent } from "./events";

class FakeSource {
  static readonly CLOSED = 2;
  static made: FakeSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor() {
    FakeSource.made.push(this);
  }

  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
}

const last = () => FakeSource.made.at(-1)!;
let isOpen: boolean[];
let heard: ServerEvent[];
let stream: EventStream;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeSource);
  FakeSource.made = [];
  [isOpen, heard] = [[], []];
  stream = new EventStream((open) => isOpen.push(open));
  stream.on("labels", (event) => heard.push(event));
  stream.open();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the event stream", () => {
  it("tells those who asked, and leaves out what it cannot read", () => {
    last().onopen?.();
    last().onmessage?.({ data: '{"about": "labels", "id": 3, "version": 7}' });
    last().onmessage?.({ data: '{"about": "run", "id": 1}' });
    last().onmessage?.({ data: '{"about": "weather"}' });
    last().onmessage?.({ data: "{" });
    expect(heard).toEqual([{ about: "labels", id: 3, image: null, version: 7 }]);
  });

  it("has everything read again after a gap", () => {
    last().onopen?.();
    last().onerror?.();
    last().onopen?.();
    expect(isOpen).toEqual([true, false, true]);
    expect(heard).toEqual([{ about: "labels", id: null, image: null, version: null }]);
  });

  it("tries again where the browser gave up, and not after its end", () => {
    last().readyState = FakeSource.CLOSED;
    last().onerror?.();
    vi.advanceTimersByTime(1000);
    expect(FakeSource.made).toHaveLength(2);
    last().readyState = FakeSource.CLOSED;
    last().onerror?.();
    stream.close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.made).toHaveLength(2);
  });

  it("gives its connection back when nobody looks, and takes it up again", () => {
    last().onopen?.();
    stream.sight(true);
    vi.advanceTimersByTime(60_000);
    expect(last().readyState).toBe(FakeSource.CLOSED);
    stream.sight(false);
    expect(FakeSource.made).toHaveLength(2);
    last().onopen?.();
    expect(heard).toHaveLength(1);
  });

  it("keeps its connection when it is out of sight for a moment", () => {
    stream.sight(true);
    stream.sight(false);
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.made).toHaveLength(1);
    expect(last().readyState).not.toBe(FakeSource.CLOSED);
  });
});
