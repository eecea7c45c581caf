/** Turns of the wheel into whole slices, for mice that click and for trackpads that glide. */

/** CSS pixels of gliding to a slice. */
const PIXELS_A_STEP = 40;

export class WheelSteps {
  private left = 0;

  /** Slices to go on for an event: one at most, so that a click of any mouse is one slice. */
  stepsOf({ deltaY, deltaMode }: Pick<WheelEvent, "deltaY" | "deltaMode">): number {
    if (deltaMode !== 0) return Math.sign(deltaY);
    // Turning back takes effect at once.
    if (Math.sign(deltaY) !== Math.sign(this.left)) this.left = 0;
    this.left += deltaY;
    if (Math.abs(this.left) < PIXELS_A_STEP) return 0;
    this.left = 0;
    return Math.sign(deltaY);
  }
}

/** How much the wheel zooms while Ctrl is held, which is also what pinching sends. */
export function zoomFactor({ deltaY, deltaMode }: Pick<WheelEvent, "deltaY" | "deltaMode">): number {
  const pixels = deltaMode === 0 ? deltaY : deltaY * 33;
  return Math.exp(-Math.min(Math.max(pixels, -100), 100) / 300);
}
