/** The browser's storage, which may be full, forbidden or from another version. */

export interface Store {
  get(key: string): string | null;
  /** Whether it was kept. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(prefix: string): string[];
}

export const browserStore: Store = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  },
  remove(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // What cannot be read cannot be removed either.
    }
  },
  keys(prefix) {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  },
};

/** A value kept as JSON, or `fallback` where there is none that `accept` takes. */
export function recall<T>(
  key: string,
  fallback: T,
  accept: (value: unknown) => value is T,
  store: Store = browserStore,
): T {
  const text = store.get(`nunatak.${key}`);
  if (text === null) return fallback;
  try {
    const value: unknown = JSON.parse(text);
    return accept(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

export function remember(key: string, value: unknown, store: Store = browserStore): void {
  store.set(`nunatak.${key}`, JSON.stringify(value));
}
