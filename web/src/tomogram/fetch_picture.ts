/** Fetch a slice and decode it to one byte a pixel. */

import { ApiError, sentence } from "../api/errors";
import type { Picture } from "./greys";

export async function fetchPicture(url: string, signal: AbortSignal): Promise<Picture> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    throw signal.aborted ? error : new ApiError(0, sentence(0, null));
  });
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    throw new ApiError(response.status, sentence(response.status, body), body);
  }
  const bitmap = await createImageBitmap(await response.blob());
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser cannot decode pictures.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let index = 0; index < grey.length; index += 1) grey[index] = data[4 * index]!;
  return { grey, width, height };
}
