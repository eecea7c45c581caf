/** The gallery's keys. */

import type { GalleryItem } from "../api/schema";
import type { Key } from "../shell/keys";
import { REASONS } from "./reasons";

export interface GalleryActions {
  isOpen(): boolean;
  move(key: string, extends_: boolean): void;
  toggle(): void;
  decide(word: GalleryItem["decision"], reason: string | null): void;
  undo(): void;
  redo(): void;
  open(): void;
  leave(): void;
}

const MOVES: readonly [string, string][] = [
  ["ArrowLeft", "Go to the candidate on the left"],
  ["ArrowRight", "Go to the candidate on the right"],
  ["ArrowUp", "Go to the candidate above"],
  ["ArrowDown", "Go to the candidate below"],
  ["PageUp", "Go a page up"],
  ["PageDown", "Go a page down"],
  ["Home", "Go to the first candidate"],
  ["End", "Go to the last candidate"],
];

export function galleryKeys(actions: GalleryActions): Key[] {
  const when = (): boolean => actions.isOpen();
  const key = (name: string, what: string, run: () => void): Key => ({
    key: name,
    what,
    run,
    when,
    group: "Gallery",
  });
  return [
    key("k", "Keep", () => actions.decide("keep", null)),
    key("r", "Reject", () => actions.decide("reject", null)),
    ...REASONS.map((reason) =>
      key(reason.key, `Reject: ${reason.label.toLowerCase()}`, () =>
        actions.decide("reject", reason.name),
      ),
    ),
    key("Backspace", "Take the word back", () => actions.decide(null, null)),
    ...MOVES.flatMap(([name, what]) => [
      key(name, what, () => actions.move(name, false)),
      key(`shift+${name}`, "Choose all on the way", () => actions.move(name, true)),
    ]),
    key(" ", "Choose this candidate too, or no longer", () => actions.toggle()),
    key("ctrl+z", "Undo", () => actions.undo()),
    key("ctrl+shift+z", "Redo", () => actions.redo()),
    key("ctrl+y", "Redo", () => actions.redo()),
    key("Enter", "Show it in its image", () => actions.open()),
    key("Escape", "Choose nothing; then back to the image", () => actions.leave()),
  ];
}
