/** When to ask again for an image that could not be shown. */
import { ApiError } from "./errors";

const BUSY_MS = 2_000;
/** The file cannot be read: perhaps it is still being written, or its disk is away. */
const FILE_MS = 10_000;
/** The file is another one now, of another size perhaps. */
const CHANGED_MS = 300;

/** How long to wait before an image is asked for again; null where that would not help. */
export function waitFor(error: unknown): number | null {
  if (!(error instanceof ApiError)) return null;
  if (error.isTemporary) return BUSY_MS;
  if (error.status === 422) return FILE_MS;
  return error.status === 409 ? CHANGED_MS : null;
}
