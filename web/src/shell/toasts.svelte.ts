/** Short messages that go away by themselves, but for those about what went wrong. */

export type ToastKind = "good" | "warn" | "bad";

export interface Toast {
  id: number;
  text: string;
  kind: ToastKind;
  action: { what: string; run: () => void } | null;
}

export interface ToastOptions {
  kind?: ToastKind;
  action?: { what: string; run: () => void };
}

const SHOWN_MS = 8000;
const MOST = 4;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #count = 0;

  /** Show a message, unless it is there already; returns its id. */
  add(text: string, { kind = "good", action }: ToastOptions = {}): number {
    const same = this.list.find((toast) => toast.text === text);
    if (same) return same.id;
    const id = this.#count++;
    const toast: Toast = { id, text, kind, action: action ?? null };
    this.list = [...this.list, toast].slice(-MOST);
    if (kind !== "bad") setTimeout(() => this.remove(id), SHOWN_MS);
    return id;
  }

  remove(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();

/** Tell the user something. */
export function toast(text: string, options?: ToastOptions): void {
  toasts.add(text, options);
}
