/** Light or dark: as chosen, or as the system has it. */
import { settings, type Theme } from "../state/settings.svelte";

const system = window.matchMedia("(prefers-color-scheme: dark)");
let systemIsDark = $state(system.matches);
system.addEventListener("change", (event) => (systemIsDark = event.matches));

export const isDark = (): boolean =>
  settings.theme === "auto" ? systemIsDark : settings.theme === "dark";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

export function nextTheme(): void {
  settings.theme = NEXT[settings.theme];
}

/** Keep the document in the theme; call it once, while a component is made. */
export function followTheme(): void {
  $effect(() => {
    document.documentElement.dataset["theme"] = isDark() ? "dark" : "light";
  });
}
