/** Files to and from the user's disk. */

import { ApiError, sentence } from "../api/errors";

/** The file name in a `Content-Disposition` header; `otherwise` where there is none. */
export function nameIn(header: string | null, otherwise: string): string {
  const encoded = /filename\*=utf-8''([^;]+)/i.exec(header ?? "")?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded);
    } catch {
      // Not what the standard says: the plain name may still be there.
    }
  }
  return /filename="?([^";]+)"?/i.exec(header ?? "")?.[1] ?? otherwise;
}

/**
 * Fetch a file and hand it to the browser to be saved.
 *
 * Fetched rather than linked, so that an error is shown on the page instead of in its place.
 */
export async function download(url: string, otherwise: string): Promise<string> {
  const answer = await asked(url);
  if (!answer.ok) throw new ApiError(answer.status, sentence(answer.status, await bodyOf(answer)));
  const name = nameIn(answer.headers.get("Content-Disposition"), otherwise);
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken it up by the next task, not always by the end of this one.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return name;
}

async function asked(url: string): Promise<Response> {
  try {
    return await fetch(url, { credentials: "same-origin" });
  } catch {
    throw new ApiError(0, sentence(0, null));
  }
}

async function bodyOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}
