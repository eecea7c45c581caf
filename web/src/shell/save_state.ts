/** What the header says of saving. */
import { counted } from "./format";

export interface Saving {
  /** Changes that are not saved. */
  waiting: number;
  isOnline: boolean;
  /** Why they are not saved yet. */
  problem: string | null;
  conflicts: number;
  /** Whether some would be lost with the page. */
  hasUnkept: boolean;
}

export interface SaveState {
  kind: "saved" | "saving" | "waiting" | "offline" | "unkept";
  text: string;
  detail: string;
}

export function saveState(now: Saving): SaveState {
  const edits = counted(now.waiting, "change");
  const wait = now.waiting === 1 ? "waits" : "wait";
  if (now.hasUnkept && (!now.isOnline || now.problem !== null)) {
    const why = now.isOnline ? now.problem : "The server does not answer.";
    return {
      kind: "unkept",
      text: `Do not close this page: ${edits} ${wait}`,
      detail: `${why} This browser has no room to keep your changes.`,
    };
  }
  if (!now.isOnline) {
    return {
      kind: "offline",
      text: now.waiting === 0 ? "Offline" : `Offline: ${edits} ${wait}`,
      detail:
        "The server does not answer. Go on working: changes are kept in this browser and saved " +
        "when it answers again.",
    };
  }
  if (now.waiting > 0 && now.problem !== null) {
    return {
      kind: "waiting",
      text: `Not saved yet: ${edits} ${wait}`,
      detail: `${now.problem} What you changed is kept in this browser until it is saved.`,
    };
  }
  if (now.waiting > 0) return { kind: "saving", text: "Saving…", detail: `${edits} not saved yet` };
  if (now.conflicts > 0) {
    return {
      kind: "waiting",
      text: `Not saved: ${counted(now.conflicts, "conflict")}`,
      detail: "Somebody else changed the same as you. Say which of the changes is to hold.",
    };
  }
  return { kind: "saved", text: "✓ Saved", detail: "Everything is saved on the server's disk." };
}
