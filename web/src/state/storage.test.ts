import { afterEach, expect, test, vi } from "vitest";
import { MemoryStore } from "./memory_store";
import { browserStore, recall, remember } from "./storage";

afterEach(() => void vi.unstubAllGlobals());

const isNumber = (value: unknown): value is number => typeof value === "number";

test("a storage that is forbidden keeps nothing, says so, and breaks nothing", () => {
  vi.stubGlobal(
    "localStorage",
    new Proxy(
      {},
      {
        get: () => {
          throw new DOMException("Access is denied for this document.", "SecurityError");
        },
        ownKeys: () => {
          throw new DOMException("Access is denied for this document.", "SecurityError");
        },
      },
    ),
  );
  expect(browserStore.set("a", "1")).toBe(false);
  expect(browserStore.get("a")).toBeNull();
  expect(browserStore.keys("")).toEqual([]);
  expect(() => browserStore.remove("a")).not.toThrow();
  expect(recall("size", 3, isNumber)).toBe(3);
});

test("what another version has kept is not taken for what this one means", () => {
  const store = new MemoryStore();
  remember("size", 5, store);
  expect(recall("size", 3, isNumber, store)).toBe(5);
  store.set("nunatak.size", '"large"');
  expect(recall("size", 3, isNumber, store)).toBe(3);
  store.set("nunatak.size", "{");
  expect(recall("size", 3, isNumber, store)).toBe(3);
});
