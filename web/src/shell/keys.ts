/** The one map of keys. Every part registers its own; `?` shows them all. */

export interface Key {
  /** As `nameOf` writes it: `n`, `shift+n`, `ctrl+z` (also ⌘), `Escape`, `ArrowLeft`, `?`. */
  key: string;
  /** What it does, for the list: *Next image*. */
  what: string;
  run: (event: KeyboardEvent) => void;
  /** Whether it works now; always without. */
  when?: () => boolean;
  /** Heading in the list. */
  group?: string;
}

const registered = new Set<Key>();

/** Add a key; returns a function that takes it away (return it from `$effect` or `onMount`). */
export function registerKey(key: Key): () => void {
  registered.add(key);
  return () => registered.delete(key);
}

export function registerKeys(keys: readonly Key[]): () => void {
  const undo = keys.map(registerKey);
  return () => undo.forEach((remove) => remove());
}

/** All keys by group, each key and meaning once. */
export function listKeys(): Map<string, Key[]> {
  const groups = new Map<string, Key[]>();
  for (const key of registered) {
    const group = key.group ?? "Everywhere";
    const list = groups.get(group) ?? [];
    if (!list.some((other) => other.key === key.key && other.what === key.what)) list.push(key);
    groups.set(group, list);
  }
  return groups;
}

export function nameOf(event: KeyboardEvent): string {
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  const isLetter = /^\p{L}$/u.test(event.key);
  // Shift is part of a sign such as ?, but is said for letters and named keys.
  if (event.shiftKey && (isLetter || event.key.length > 1)) parts.push("shift");
  parts.push(isLetter ? event.key.toLowerCase() : event.key);
  return parts.join("+");
}

/** For people: ⌘ or Ctrl, arrows as arrows. */
export function readable(key: string): string {
  const names: Record<string, string> = {
    ctrl: "Ctrl",
    shift: "Shift",
    alt: "Alt",
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Escape: "Esc",
    Delete: "Del",
    " ": "Space",
  };
  return key
    .split(/(?<=\w)\+(?=.)/)
    .map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(" + ");
}

/** Fields that nothing is typed into, with the keys that change them. */
const UNTYPED: Readonly<Record<string, RegExp>> = {
  checkbox: /^( |Arrow.+)$/,
  radio: /^( |Arrow.+)$/,
  button: /^( |Arrow.+)$/,
  range: /^(Arrow.+|Page.+|Home|End)$/,
};

/** Whether the event belongs to a field or to a button that would take it. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof Element)) return false;
  if (document.querySelector("dialog[open]")) return true;
  const field = target.closest("input, textarea, select, [contenteditable='true']");
  const changing = field instanceof HTMLInputElement ? UNTYPED[field.type] : undefined;
  if (changing) return changing.test(event.key);
  if (field) return true;
  return (
    (event.key === " " || event.key === "Enter") && target.closest("button, a, summary") !== null
  );
}

/** Run what is registered for the event; the part that registered last comes first. */
export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isTaken(event)) return;
  const name = nameOf(event);
  for (const key of [...registered].reverse()) {
    if (key.key === name && (key.when?.() ?? true)) {
      event.preventDefault();
      key.run(event);
      return;
    }
  }
}
