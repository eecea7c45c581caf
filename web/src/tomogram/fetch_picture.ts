/** Fetch a slice and decode it to one byte a pixel. */

import { fetchBlob } from "../api/request";
import type { Picture } from "./greys";

export async function fetchPicture(url: string, signal: AbortSignal): Promise<Picture> {
  const bitmap = await createImageBitmap(await fetchBlob(url, signal));
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
