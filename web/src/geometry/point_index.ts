/** Finding points by place among many. */
import type { Place, Rectangle } from "./view";

/** A grid of cells over points, made once for points that stay. */
export class PointIndex {
  readonly #x: ArrayLike<number>;
  readonly #y: ArrayLike<number>;
  readonly #cell: number;
  readonly #cells = new Map<number, number[]>();

  /**
   * @param cell Side of a cell: about the distance within which points are looked for.
   */
  constructor(x: ArrayLike<number>, y: ArrayLike<number>, cell: number) {
    this.#x = x;
    this.#y = y;
    this.#cell = Math.max(cell, 1e-6);
    for (let index = 0; index < x.length; index++) {
      const key = this.#key(this.#number(x[index] ?? 0), this.#number(y[index] ?? 0));
      const members = this.#cells.get(key);
      if (members === undefined) this.#cells.set(key, [index]);
      else members.push(index);
    }
  }

  #number(coordinate: number): number {
    return Math.floor(coordinate / this.#cell);
  }

  // Two numbers in one, for columns and rows within a million of 0.
  #key(column: number, row: number): number {
    return (row + 1_048_576) * 2_097_152 + column + 1_048_576;
  }

  /** Points in a rectangle, in no order. */
  inside(rectangle: Rectangle): number[] {
    const found: number[] = [];
    const lastRow = this.#number(rectangle.bottom);
    const lastColumn = this.#number(rectangle.right);
    for (let row = this.#number(rectangle.top); row <= lastRow; row++) {
      for (let column = this.#number(rectangle.left); column <= lastColumn; column++) {
        for (const index of this.#cells.get(this.#key(column, row)) ?? []) {
          const x = this.#x[index] ?? 0;
          const y = this.#y[index] ?? 0;
          const isInside =
            x >= rectangle.left &&
            x <= rectangle.right &&
            y >= rectangle.top &&
            y <= rectangle.bottom;
          if (isInside) found.push(index);
        }
      }
    }
    return found;
  }

  /** The point nearest to a place within a distance, of those that count; null without any. */
  nearest(
    place: Place,
    within: number,
    counts: (index: number) => boolean = () => true,
  ): { index: number; distance: number } | null {
    let best: { index: number; distance: number } | null = null;
    const around = {
      left: place.x - within,
      top: place.y - within,
      right: place.x + within,
      bottom: place.y + within,
    };
    for (const index of this.inside(around)) {
      const distance = Math.hypot(
        (this.#x[index] ?? 0) - place.x,
        (this.#y[index] ?? 0) - place.y,
      );
      if (distance > within || distance >= (best?.distance ?? Infinity)) continue;
      if (counts(index)) best = { index, distance };
    }
    return best;
  }
}
