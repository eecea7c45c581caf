/** What an `Outbox` has to know of the things that it sends. */

/** What sending led to; whatever went wrong is thrown. */
export type Delivery<R> =
  | { readonly kind: "saved"; readonly result: R }
  /** Send it once more at once. */
  | { readonly kind: "again" }
  /** A person has to say what is to become of it. */
  | { readonly kind: "aside" };

/** Why something waits no longer. */
export type End<R> =
  /** `isMine` is false of what an earlier page or another tab left. */
  | { readonly kind: "saved"; readonly result: R; readonly isMine: boolean }
  /** The server will never take it. */
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "aside" }
  /** Another tab has settled it. */
  | { readonly kind: "elsewhere" };

export interface Carrier<T, R> {
  idOf(item: T): string;
  deliver(item: T): Promise<Delivery<R>>;
  /** Called once the item waits no longer. */
  ended(item: T, end: End<R>): void;
}
