/** Numbers and times as people write them. */

const whole = new Intl.NumberFormat("en");

export const count = (value: number): string => whole.format(value);

/** `1 particle`, `2,300 particles`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** `40 s`, `3 min`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}

/** `today 14:05`, or with its day; `now` is passed for the tests. */
export function moment(text: string, now: Date = new Date()): string {
  const date = new Date(text);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return `today ${time}`;
  return `${date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })} ${time}`;
}

/** A length in Å that a person typed, with comma or point; null where it is none. */
export function typedLength(text: string): number | null {
  const value = Number(
    text
      .trim()
      .replace(",", ".")
      .replace(/\s*(Å|A)$/u, ""),
  );
  return text.trim() !== "" && Number.isFinite(value) && value > 0 && value <= 100_000
    ? value
    : null;
}
