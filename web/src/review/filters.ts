/** What a gallery shows, as the user chose it and as the server is asked. */

import type { GalleryQuery } from "../api/client";

export type Show = "all" | "undecided" | "keep" | "reject";
export type OrderName = "best" | "worst" | "doubt" | "class";

export interface Filters {
  order: OrderName;
  show: Show;
  isSelectedOnly: boolean;
  isThisImageOnly: boolean;
  className: string;
  predictedClass: string;
}

export const FIRST_FILTERS: Filters = {
  order: "best",
  show: "all",
  isSelectedOnly: true,
  isThisImageOnly: false,
  className: "",
  predictedClass: "",
};

const ORDERS: readonly unknown[] = ["best", "worst", "doubt", "class"];
const SHOWS: readonly unknown[] = ["all", "undecided", "keep", "reject"];

/** Whether an earlier page kept this. */
export function isFilters(value: unknown): value is Filters {
  if (typeof value !== "object" || value === null) return false;
  const kept = value as Record<string, unknown>;
  return (
    ORDERS.includes(kept["order"]) &&
    SHOWS.includes(kept["show"]) &&
    typeof kept["isSelectedOnly"] === "boolean" &&
    typeof kept["isThisImageOnly"] === "boolean" &&
    typeof kept["className"] === "string" &&
    typeof kept["predictedClass"] === "string"
  );
}

/** The question to the server; `image` is that of *this image only*. */
export function toQuery(
  filters: Filters,
  image: number | null,
  classes: readonly string[],
  predictedClasses: readonly string[],
): Omit<GalleryQuery, "offset" | "limit"> {
  const { order, show, className, predictedClass } = filters;
  return {
    order: order === "best" || order === "worst" ? "score" : order,
    // The most doubtful, and of each class the likeliest, come first.
    descending: order !== "worst",
    selected_only: filters.isSelectedOnly,
    undecided_only: show === "undecided",
    decision: show === "keep" || show === "reject" ? show : null,
    image,
    // A class that this set does not have would leave the gallery empty without a reason on screen.
    class_name: classes.length > 1 && classes.includes(className) ? className : null,
    predicted_class: predictedClasses.includes(predictedClass) ? predictedClass : null,
  };
}
