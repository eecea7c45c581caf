/** A training's curve as a path in an SVG. */
import type { CurvePoint } from "../api/schema";

export interface Line {
  path: string;
  /** Last value. */
  last: number;
}

export interface Box {
  width: number;
  height: number;
}

/** Each loss is of a few crops only; the mean over neighbours shows where it goes. */
export function smoothed(points: readonly CurvePoint[]): CurvePoint[] {
  const reach = Math.floor(points.length / 20);
  return points.map((point, index) => {
    const near = points.slice(Math.max(0, index - reach), index + reach + 1);
    return { ...point, loss: near.reduce((sum, one) => sum + one.loss, 0) / near.length };
  });
}

/** The line of a value over the steps; null where fewer than two points have it. */
export function line(
  points: readonly CurvePoint[],
  value: (point: CurvePoint) => number | null,
  box: Box,
  range?: [number, number],
): Line | null {
  const found = points.flatMap((point) => {
    const y = value(point);
    return y === null || !Number.isFinite(y) ? [] : [{ step: point.step, y }];
  });
  const [start, end] = [found[0], found.at(-1)];
  if (!start || !end || end.step === start.step) return null;
  const values = found.map((one) => one.y);
  const [low, high] = range ?? [Math.min(...values), Math.max(...values)];
  const x = (step: number) => ((step - start.step) / (end.step - start.step)) * box.width;
  const y = (one: number) => box.height * (high === low ? 0.5 : 1 - (one - low) / (high - low));
  const corners = found.map((one) => `${x(one.step).toFixed(1)},${y(one.y).toFixed(1)}`);
  return { path: `M${corners.join("L")}`, last: end.y };
}
