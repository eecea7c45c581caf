/** What a rejected candidate is instead, by the key that says so. */

export interface Reason {
  readonly key: string;
  /** As it is saved. */
  readonly name: string;
  readonly label: string;
}

export const REASONS: readonly Reason[] = [
  { key: "1", name: "ice", label: "Ice" },
  { key: "2", name: "carbon", label: "Carbon" },
  { key: "3", name: "aggregate", label: "Aggregate" },
  { key: "4", name: "gold", label: "Gold" },
  { key: "5", name: "empty", label: "Empty" },
  { key: "6", name: "off-centre", label: "Off-centre" },
  { key: "7", name: "duplicate", label: "Duplicate" },
  { key: "8", name: "other", label: "Other" },
];
