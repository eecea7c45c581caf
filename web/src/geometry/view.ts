/** Where the image lies on the screen. */

/** A place: pixels of the stored image, or CSS pixels of the canvas. */
export interface Place {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The image's place in the middle of the canvas, and CSS pixels along one of its pixels. */
export interface View {
  x: number;
  y: number;
  scale: number;
}

export const LARGEST_SCALE = 40;
const SMALLEST_SHARE = 0.5;
const MARGIN_px = 12;

export function toScreen(view: View, canvas: Size, place: Place): Place {
  return {
    x: (place.x - view.x) * view.scale + canvas.width / 2,
    y: (place.y - view.y) * view.scale + canvas.height / 2,
  };
}

export function toImage(view: View, canvas: Size, place: Place): Place {
  return {
    x: (place.x - canvas.width / 2) / view.scale + view.x,
    y: (place.y - canvas.height / 2) / view.scale + view.y,
  };
}

/** The view that shows the whole image. */
export function fitted(image: Size, canvas: Size): View {
  const width = Math.max(1, canvas.width - 2 * MARGIN_px);
  const height = Math.max(1, canvas.height - 2 * MARGIN_px);
  return {
    // The first pixel's centre is 0, so that the image's middle is half a pixel before its half.
    x: (image.width - 1) / 2,
    y: (image.height - 1) / 2,
    scale: Math.min(width / image.width, height / image.height, LARGEST_SCALE),
  };
}

/** The view zoomed by a factor, with the place under the pointer staying where it is. */
export function zoomed(
  view: View,
  canvas: Size,
  image: Size,
  factor: number,
  pointer: Place = { x: canvas.width / 2, y: canvas.height / 2 },
): View {
  const smallest = fitted(image, canvas).scale * SMALLEST_SHARE;
  const scale = Math.min(LARGEST_SCALE, Math.max(smallest, view.scale * factor));
  const fixed = toImage(view, canvas, pointer);
  return kept(
    {
      x: fixed.x - (pointer.x - canvas.width / 2) / scale,
      y: fixed.y - (pointer.y - canvas.height / 2) / scale,
      scale,
    },
    image,
  );
}

/** The view after dragging the image by CSS pixels. */
export function panned(view: View, image: Size, dx: number, dy: number): View {
  return kept({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale }, image);
}

/** The view with its middle on the image, so that nobody loses the image. */
function kept(view: View, image: Size): View {
  return {
    ...view,
    x: Math.min(image.width - 0.5, Math.max(-0.5, view.x)),
    y: Math.min(image.height - 0.5, Math.max(-0.5, view.y)),
  };
}

/** What of the image's plane the canvas shows, in pixels of the image. */
export function shown(view: View, canvas: Size): Rectangle {
  const first = toImage(view, canvas, { x: 0, y: 0 });
  const last = toImage(view, canvas, { x: canvas.width, y: canvas.height });
  return { left: first.x, top: first.y, right: last.x, bottom: last.y };
}
