/** What went wrong with a request: status 0 means that the server did not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    readonly body: unknown = null,
  ) {
    super(message);
  }

  /** Whether the same request may work a little later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Whether the same request would be refused however often it is made, also by a page that is
   * signed in again, or by a server of the right project. */
  get isFinal(): boolean {
    return !this.isTemporary && this.status !== 401 && this.status !== 403;
  }
}

/** The sentence that the server gave, or one for the status. */
export function sentence(status: number, body: unknown): string {
  if (typeof body === "object" && body !== null) {
    const { message, detail } = body as { message?: unknown; detail?: unknown };
    if (typeof message === "string" && message !== "") return message;
    if (typeof detail === "string" && detail !== "") return detail;
  }
  if (status === 0)
    return "The server does not answer. Is nunatak label still running, and the tunnel open?";
  if (status === 401)
    return "This page is no longer signed in. Open the address from the terminal again.";
  if (status === 403)
    return "The server refused this page. Open the address from the terminal again.";
  if (status === 404) return "That is not there any more.";
  if (status === 413) return "That is too large for the server.";
  if (status >= 500) return "The server could not do that. Its terminal says why.";
  return `The server answered ${status}.`;
}

/** What to tell the user of anything that was thrown. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
