/** An edit of labels, as a person made it and as the browser keeps it. */
import type { Item, Operation } from "./operations";
import type { Edit } from "./schema";

export interface MadeEdit {
  readonly image: number;
  readonly edit: Edit;
  /** What the edit touches, as the person saw it: things that are new are not in it. */
  readonly before: readonly Item[];
}

export const operationsOf = ({ edit }: MadeEdit) => edit.operations as Operation[];

/** What the browser kept, or null where it is none. */
export function madeEdit(value: unknown): MadeEdit | null {
  if (typeof value !== "object" || value === null) return null;
  const { image, edit, before } = value as Partial<MadeEdit>;
  if (typeof image !== "number" || !Array.isArray(before) || typeof edit?.id !== "string") return null;
  const isWhole = typeof edit.base_version === "number" && Array.isArray(edit.operations);
  return isWhole ? { image, edit, before } : null;
}
