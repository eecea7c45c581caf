/** A browser's storage for tests: in memory, with as much room as is said. */
import type { Store } from "./storage";

export class MemoryStore implements Store {
  readonly map = new Map<string, string>();

  /** @param room for so many letters in one entry. */
  constructor(public room = Infinity) {}

  get = (key: string): string | null => this.map.get(key) ?? null;
  set = (key: string, value: string): boolean => {
    if (value.length > this.room) return false;
    this.map.set(key, value);
    return true;
  };
  remove = (key: string): void => void this.map.delete(key);
  keys = (prefix: string): string[] =>
    [...this.map.keys()].filter((key) => key.startsWith(prefix));
}
