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

  add(text: string, { kind = "good", action }: ToastOptions = {}): void {
    if (this.list.some((toast) => toast.text === text)) return;
    const id = this.#count++;
    const toast: Toast = { id, text, kind, action: action ?? null };
    this.list = [...this.list, toast].slice(-MOST);
    if (kind !== "bad") setTimeout(() => this.remove(id), SHOWN_MS);
  }

  remove(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();

/** Tell the user something. */
export const toast = (text: string, options?: ToastOptions): void => toasts.add(text, options);
