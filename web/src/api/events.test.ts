import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventStream, type ServerEvent } from "./events";
import { FakeSource } from "./fake_source";

const ALL = { about: "labels", id: null, image: null, version: null };
let isOpen: boolean[];
let heard: ServerEvent[];
let stream: EventStream;

beforeEach(() => {
  vi.useFakeTimers();
  // A browser without locks: each tab has a stream.
  vi.stubGlobal("navigator", {});
  FakeSource.install();
  [isOpen, heard] = [[], []];
  stream = new EventStream((open) => isOpen.push(open));
  stream.on("labels", (event) => heard.push(event));
  stream.open("project");
});
afterEach(() => {
  stream.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the event stream", () => {
  it("tells those who asked, and leaves out what it cannot read", () => {
    FakeSource.last.onopen?.();
    FakeSource.last.onmessage?.({ data: '{"about": "labels", "id": 3, "version": 7}' });
    FakeSource.last.onmessage?.({ data: '{"about": "run", "id": 1}' });
    FakeSource.last.onmessage?.({ data: '{"about": "weather"}' });
    FakeSource.last.onmessage?.({ data: "{" });
    expect(heard.slice(1)).toEqual([{ about: "labels", id: 3, image: null, version: 7 }]);
  });

  it("has everything read again when it opens, also after a gap", () => {
    FakeSource.last.onopen?.();
    expect(heard).toEqual([ALL]);
    FakeSource.last.fail();
    FakeSource.last.onopen?.();
    expect(isOpen).toEqual([true, false, true]);
    expect(heard).toEqual([ALL, ALL]);
  });

  it("tries again where the browser gave up, and not after its end", () => {
    FakeSource.last.fail(true);
    vi.advanceTimersByTime(500);
    expect(FakeSource.made).toHaveLength(2);
    FakeSource.last.fail(true);
    vi.advanceTimersByTime(999);
    expect(FakeSource.made).toHaveLength(2);
    stream.close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.made).toHaveLength(2);
  });

  it("gives its connection back when nobody looks, and takes it up again", () => {
    FakeSource.last.onopen?.();
    stream.sight(true);
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.open).toEqual([]);
    stream.sight(false);
    expect(FakeSource.made).toHaveLength(2);
    FakeSource.last.onopen?.();
    expect(heard).toEqual([ALL, ALL]);
  });

  it("keeps its connection when it is out of sight for a moment", () => {
    stream.sight(true);
    stream.sight(false);
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.made).toHaveLength(1);
    expect(FakeSource.open).toHaveLength(1);
  });

  it("stays at rest after its end, whoever looks", () => {
    stream.close();
    stream.sight(false);
    expect(FakeSource.open).toEqual([]);
  });
});
