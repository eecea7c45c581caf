/** A stream of events for tests. */
import { vi } from "vitest";

export class FakeSource {
  static readonly CLOSED = 2;
  static made: FakeSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor() {
    FakeSource.made.push(this);
  }

  /** Streams that are not closed. */
  static get open(): FakeSource[] {
    return FakeSource.made.filter((one) => one.readyState !== FakeSource.CLOSED);
  }

  static get last(): FakeSource {
    return FakeSource.made.at(-1)!;
  }

  static install(): void {
    FakeSource.made = [];
    vi.stubGlobal("EventSource", FakeSource);
  }

  close(): void {
    this.readyState = FakeSource.CLOSED;
  }

  /** The server cannot be reached, or refuses. */
  fail(isGivenUp = false): void {
    if (isGivenUp) this.readyState = FakeSource.CLOSED;
    this.onerror?.();
  }
}
