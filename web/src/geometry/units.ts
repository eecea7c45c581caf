/** Ångström and pixels, and how lengths are written. */

/** Pixels that a length covers; a pixel size that nobody knows counts as 1 Å. */
export function pxOfA(length_A: number, pixelSize_A: number | null): number {
  return length_A / (pixelSize_A ?? 1);
}

/** Ångström that pixels cover. */
export function AOfPx(length_px: number, pixelSize_A: number | null): number {
  return length_px * (pixelSize_A ?? 1);
}

/**
 * Standard deviation of the Gaussian that leaves half of the amplitude at a resolution.
 *
 * A Gaussian of deviation s multiplies the spatial frequency f by exp(-2 (pi s f)^2), which is
 * one half at f = 1 / resolution for this s.
 */
export function deviationOfLowPass(resolution: number): number {
  return (resolution * Math.sqrt(Math.LN2 / 2)) / Math.PI;
}

/** A length for people: Å below 100 nm, then nm, then µm. */
export function writtenLength(length_A: number): string {
  if (length_A >= 100_000) return `${trimmed(length_A / 10_000)} µm`;
  if (length_A >= 1_000) return `${trimmed(length_A / 10)} nm`;
  return `${trimmed(length_A)} Å`;
}

function trimmed(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

export interface ScaleBar {
  /** CSS pixels. */
  width: number;
  text: string;
}

/**
 * The longest bar of a round length that fits.
 *
 * @param pixelsOfScreen CSS pixels along one pixel of the image.
 * @param widest CSS pixels that the bar may take.
 */
export function scaleBar(
  pixelSize_A: number | null,
  pixelsOfScreen: number,
  widest: number,
): ScaleBar {
  const perUnit = pixelsOfScreen / (pixelSize_A ?? 1);
  const longest = widest / perUnit;
  const power = 10 ** Math.floor(Math.log10(longest));
  const step = [5, 2, 1].find((factor) => factor * power <= longest) ?? 1;
  const length = step * power;
  const text = pixelSize_A === null ? `${Number(length.toPrecision(3))} px` : writtenLength(length);
  return { width: length * perUnit, text };
}
