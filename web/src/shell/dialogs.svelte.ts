/** Which dialog is open: one at a time. */
export type DialogName = "export" | "keys" | "project" | "conflicts";

class Dialogs {
  open = $state<DialogName | null>(null);
}

export const dialogs = new Dialogs();
