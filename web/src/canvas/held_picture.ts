/**
 * What is drawn, held and moved as a whole, where drawing it anew takes long.
 *
 * Without a graphics card 100 000 circles take far longer than a frame. The picture that is there is
 * then moved and scaled, which costs next to nothing, and drawn anew at rest.
 */
import type { Size, View } from "../geometry/view";

/** Drawing takes long, milliseconds: fewer than 25 pictures a second. */
export const LONG_ms = 40;
/** Nothing moved for so long: it is drawn anew. */
export const REST_ms = 120;
/** So much of the canvas may be blank, along an axis, before it is drawn anew without a rest. */
const MOST_BLANK = 0.3;
/** And so much larger may a pixel be. */
const MOST_SCALED = 2.5;

/** The CSS transform, about the middle, that puts what was drawn for one view where another is. */
export function transformBetween(drawn: View, view: View): string {
  const { x, y, k } = shift(drawn, view);
  return x === 0 && y === 0 && k === 1 ? "" : `translate(${x}px, ${y}px) scale(${k})`;
}

/** Whether too little is left of what was drawn for one view, or too coarse, to stand for another. */
export function isWorn(drawn: View, view: View, { width, height }: Size): boolean {
  const { x, y, k } = shift(drawn, view);
  if (k > MOST_SCALED) return true;
  // Zooming out shows what was not drawn at both sides.
  const blank = (offset: number, length: number): number =>
    Math.max(0, (Math.abs(offset) + (length * (1 - k)) / 2) / length);
  return blank(x, width) > MOST_BLANK || blank(y, height) > MOST_BLANK;
}

function shift(drawn: View, view: View): { x: number; y: number; k: number } {
  const along = (from: number, to: number): number => (from === to ? 0 : (from - to) * view.scale);
  return { x: along(drawn.x, view.x), y: along(drawn.y, view.y), k: view.scale / drawn.scale };
}

/** How long the last drawings took; one that took long by chance does not count. */
export class Cost {
  #last_ms = 0;
  #before_ms = 0;
  #turn = 0;

  get isLong(): boolean {
    return Math.min(this.#last_ms, this.#before_ms) > LONG_ms;
  }

  /** Whether a drawing is under way. */
  isUnderWay = false;

  /** Measure the drawing whose commands were just given. */
  begin(gl: WebGL2RenderingContext): void {
    const turn = ++this.#turn;
    const began_ms = performance.now();
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (fence === null) return;
    gl.flush();
    this.isUnderWay = true;
    const look = (): void => {
      const isDone = gl.isContextLost() || gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.UNSIGNALED;
      if (!isDone && turn === this.#turn) {
        requestAnimationFrame(look);
        return;
      }
      gl.deleteSync(fence);
      if (turn !== this.#turn) return;
      this.isUnderWay = false;
      this.#before_ms = this.#last_ms;
      this.#last_ms = performance.now() - began_ms;
    };
    requestAnimationFrame(look);
  }
}
