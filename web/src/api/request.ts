/** How every request is made: JSON there and back, errors as `ApiError`. */
import { ApiError, sentence } from "./errors";

type Query = Record<string, string | number | boolean | null | undefined>;

/** The address of the API below the page's own, so that the page also works behind a proxy. */
export function address(path: string, query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) parts.set(name, String(value));
  }
  const text = parts.toString();
  return text === "" ? `api/${path}` : `api/${path}?${text}`;
}

export interface Asked {
  method?: "GET" | "POST" | "PATCH";
  query?: Query;
  json?: unknown;
  file?: Blob;
  signal?: AbortSignal;
  /** Give up after so long: a tunnel may be dead without saying so. Not together with `signal`. */
  timeout_ms?: number;
  /** Let it finish when the page is closed meanwhile; for small bodies only. */
  keepalive?: boolean;
}

let ended: ((error: ApiError) => void) | null = null;

/** Say what happens when the server no longer knows this page (401). */
export function onSessionEnd(handler: (error: ApiError) => void): void {
  ended = handler;
}

let project: string | null = null;

/** Say which project this page shows: a server of another one, at the same port, refuses it. */
export function ofProject(id: string): void {
  project = id;
}

export async function request<T>(path: string, asked: Asked = {}): Promise<T> {
  const answer = await send(address(path, asked.query), asked);
  const body = await parsed(answer);
  if (answer.ok) return body as T;
  throw refused(answer.status, body);
}

/** Read a picture at an address of the API. */
export async function fetchBlob(url: string, signal: AbortSignal): Promise<Blob> {
  const answer = await send(url, { signal });
  if (!answer.ok) throw refused(answer.status, await parsed(answer));
  try {
    return await answer.blob();
  } catch (error) {
    throw signal.aborted ? error : new ApiError(0, sentence(0, null));
  }
}

function refused(status: number, body: unknown): ApiError {
  const error = new ApiError(status, sentence(status, body), body);
  if (status === 401) ended?.(error);
  return error;
}

async function send(url: string, asked: Asked): Promise<Response> {
  const headers: Record<string, string> = {};
  const init: RequestInit = { method: asked.method ?? "GET", credentials: "same-origin", headers };
  if (project !== null) headers["Nunatak-Project"] = project;
  if (asked.signal) init.signal = asked.signal;
  else if (asked.timeout_ms) init.signal = AbortSignal.timeout(asked.timeout_ms);
  if (asked.keepalive) init.keepalive = true;
  if (asked.file) {
    init.body = asked.file;
    headers["Content-Type"] = "application/octet-stream";
  } else if (asked.json !== undefined) {
    init.body = JSON.stringify(asked.json);
    headers["Content-Type"] = "application/json";
  } else if (init.method !== "GET") {
    // The server takes changes as JSON only, also where there is nothing to say.
    init.body = "{}";
    headers["Content-Type"] = "application/json";
  }
  try {
    return await fetch(url, init);
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new ApiError(0, sentence(0, null));
  }
}

/** Body of an answer; null where it is empty or no JSON (a proxy's page, a cut connection). */
async function parsed(answer: Response): Promise<unknown> {
  let text: string;
  try {
    text = await answer.text();
  } catch {
    throw new ApiError(0, sentence(0, null));
  }
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    if (answer.ok) throw new ApiError(0, sentence(0, null));
    return null;
  }
}
