/** From the server's grey values to those on the screen, without asking it again. */

/** A decoded slice: one byte a pixel, by rows. */
export interface Picture {
  readonly grey: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What each of the 256 greys becomes when `low` is to be black and `high` white. */
export function greyTable(low: number, high: number): Uint8Array {
  const span = Math.abs(high - low) < 1 ? Math.sign(high - low || 1) : high - low;
  return Uint8Array.from({ length: 256 }, (_, grey) =>
    Math.round(Math.min(Math.max((grey - low) / span, 0), 1) * 255),
  );
}

/** Fill `out`, RGBA, with a picture under a table of greys. */
export function paint(picture: Picture, table: Uint8Array, out: Uint8ClampedArray): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, picture.grey.length);
  const opaque = new Uint32Array(256);
  for (let grey = 0; grey < 256; grey += 1) {
    // Equal bytes but for the opaque one: no matter in which order the machine keeps them.
    opaque[grey] = new Uint32Array(new Uint8Array([table[grey]!, table[grey]!, table[grey]!, 255]).buffer)[0]!;
  }
  for (let index = 0; index < words.length; index += 1) {
    words[index] = opaque[picture.grey[index]!]!;
  }
}

/** Smooth as a Gaussian of `sigma` pixels would: three running means each way. */
export function smoothed(picture: Picture, sigma: number): Picture {
  // The width whose variance, three times, is nearest to the Gaussian's.
  const reach = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  if (reach < 1) return picture;
  const values = Float32Array.from(picture.grey);
  const spare = new Float32Array(values.length);
  const { width, height } = picture;
  for (let pass = 0; pass < 3; pass += 1) {
    for (let row = 0; row < height; row += 1) {
      runningMean(values, spare, row * width, 1, width, reach);
    }
    for (let column = 0; column < width; column += 1) {
      runningMean(spare, values, column, width, height, reach);
    }
  }
  return { width, height, grey: Uint8Array.from(values, (value) => Math.round(value)) };
}

/** Mean of `2 reach + 1` neighbours along a line; the line's ends go on as they are. */
function runningMean(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  length: number,
  reach: number,
): void {
  const at = (index: number) => from[start + Math.min(Math.max(index, 0), length - 1) * step]!;
  let sum = 0;
  for (let index = -reach; index <= reach; index += 1) sum += at(index);
  for (let index = 0; index < length; index += 1) {
    to[start + index * step] = sum / (2 * reach + 1);
    sum += at(index + reach + 1) - at(index - reach);
  }
}
