/** The panels at the right. */
import type { Tab } from "../state/settings.svelte";

/** Shift with the first letter of its name opens each. */
export const TABS: readonly { readonly tab: Tab; readonly text: string }[] = [
  { tab: "label", text: "Label" },
  { tab: "train", text: "Train" },
  { tab: "review", text: "Review" },
];

export function textOf(tab: Tab): string {
  return TABS.find((one) => one.tab === tab)?.text ?? "";
}
