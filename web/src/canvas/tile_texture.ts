/** Tiles on the graphics card: one texture of many slots, each with a margin of its neighbours. */
import type { Device, Texture } from "@luma.gl/core";

/** Pixels of its neighbours that each tile has around it, so that the low-pass shows no seams. */
export const MARGIN_px = 8;

/** Where a piece of a tile goes in a neighbour's margin: -1, 0 or 1 along each axis. */
export interface Side {
  across: -1 | 0 | 1;
  down: -1 | 0 | 1;
}

export const SIDES: readonly Side[] = ([-1, 0, 1] as const).flatMap((down) =>
  ([-1, 0, 1] as const)
    .filter((across) => across !== 0 || down !== 0)
    .map((across) => ({ across, down })),
);

/** A tile's picture, with its pieces at each side. */
export interface Picture {
  whole: ImageBitmap;
  /** In the order of `SIDES`. */
  pieces: ImageBitmap[];
}

/** Where a tile's piece at one side begins, and its size. */
export function pieceAt(
  side: Side,
  width: number,
  height: number,
): { x: number; y: number; width: number; height: number } {
  const along = (sign: -1 | 0 | 1, length: number): [number, number] => {
    const share = Math.min(MARGIN_px, length);
    if (sign === 0) return [0, length];
    return [sign < 0 ? 0 : length - share, share];
  };
  const [x, pieceWidth] = along(side.across, width);
  const [y, pieceHeight] = along(side.down, height);
  return { x, y, width: pieceWidth, height: pieceHeight };
}

/** Read a tile's picture, without any change of its greys. */
export async function readPicture(blob: Blob): Promise<Picture> {
  const exactly: ImageBitmapOptions = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  const whole = await createImageBitmap(blob, exactly);
  const pieces = await Promise.all(
    SIDES.map((side) => {
      const piece = pieceAt(side, whole.width, whole.height);
      return createImageBitmap(whole, piece.x, piece.y, piece.width, piece.height, exactly);
    }),
  );
  return { whole, pieces };
}

export class TileTexture {
  readonly texture: Texture;

  constructor(
    device: Device,
    readonly tile_px: number,
    slots: number,
  ) {
    const side = tile_px + 2 * MARGIN_px;
    this.texture = device.createTexture({
      id: "tiles",
      dimension: "2d-array",
      format: "r8unorm",
      width: side,
      height: side,
      depth: slots,
      mipLevels: 1,
      sampler: {
        minFilter: "linear",
        magFilter: "linear",
        addressModeU: "clamp-to-edge",
        addressModeV: "clamp-to-edge",
      },
    });
  }

  /** Put a tile's picture into a slot. */
  putWhole(slot: number, picture: ImageBitmap): void {
    this.#put(slot, picture, MARGIN_px, MARGIN_px);
  }

  /** Put a piece of the neighbour at one side of a tile into the tile's margin. */
  putMargin(slot: number, side: Side, piece: ImageBitmap, width: number, height: number): void {
    const start = (sign: -1 | 0 | 1, length: number): number =>
      sign < 0 ? 0 : sign === 0 ? MARGIN_px : MARGIN_px + length;
    this.#put(slot, piece, start(side.across, width), start(side.down, height));
  }

  destroy(): void {
    this.texture.destroy();
  }

  #put(slot: number, image: ImageBitmap, x: number, y: number): void {
    const { width, height } = image;
    if (x + width > this.texture.width || y + height > this.texture.height) return;
    this.texture.copyExternalImage({ image, x, y, z: slot, width, height, depth: 1 });
  }
}
