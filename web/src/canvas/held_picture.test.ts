import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toScreen } from "../geometry/view";
import { Cost, isWorn, transformBetween } from "./held_picture";

const size = { width: 800, height: 600 };
const drawn = { x: 1000, y: 500, scale: 0.5 };

/** Where a place of the image is seen on a canvas that was drawn for one view and moved. */
function moved(transform: string, place: { x: number; y: number }): { x: number; y: number } {
  const numbers = [...transform.matchAll(/-?[\d.]+(e-?\d+)?/g)].map(([one]) => Number(one));
  const [x = 0, y = 0, k = 1] = numbers;
  const before = toScreen(drawn, size, place);
  return {
    x: k * (before.x - size.width / 2) + size.width / 2 + x,
    y: k * (before.y - size.height / 2) + size.height / 2 + y,
  };
}

test.each([
  ["panned", { x: 1100, y: 450, scale: 0.5 }],
  ["zoomed", { x: 1000, y: 500, scale: 0.8 }],
  ["both", { x: 930, y: 620, scale: 0.3 }],
])("what was drawn lies where it belongs: %s", (_, view) => {
  const transform = transformBetween(drawn, view);
  for (const place of [{ x: 0, y: 0 }, { x: 1234, y: 321 }]) {
    const there = moved(transform, place);
    expect(there.x).toBeCloseTo(toScreen(view, size, place).x, 6);
    expect(there.y).toBeCloseTo(toScreen(view, size, place).y, 6);
  }
});

test("what was drawn for this very view is not moved", () => {
  expect(transformBetween(drawn, { ...drawn })).toBe("");
});

test("a little movement wears nothing, much does", () => {
  const pan = (pixels: number) => ({ ...drawn, x: drawn.x + pixels / drawn.scale });
  expect(isWorn(drawn, pan(100), size)).toBe(false);
  expect(isWorn(drawn, pan(-300), size)).toBe(true);
  expect(isWorn(drawn, { ...drawn, scale: 1 }, size)).toBe(false);
  expect(isWorn(drawn, { ...drawn, scale: 2 }, size)).toBe(true);
  expect(isWorn(drawn, { ...drawn, scale: 0.4 }, size)).toBe(false);
  expect(isWorn(drawn, { ...drawn, scale: 0.15 }, size)).toBe(true);
});

let frames: (() => void)[] = [];
let now_ms = 0;

beforeEach(() => {
  frames = [];
  now_ms = 0;
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  vi.spyOn(performance, "now").mockImplementation(() => now_ms);
});
afterEach(() => vi.unstubAllGlobals());

function draw(cost: Cost, takes_ms: number): void {
  let status = 0;
  const gl = {
    UNSIGNALED: 0,
    fenceSync: () => ({}),
    flush: () => undefined,
    isContextLost: () => false,
    getSyncParameter: () => status,
    deleteSync: () => undefined,
  };
  cost.begin(gl as unknown as WebGL2RenderingContext);
  expect(cost.isUnderWay).toBe(true);
  frames.splice(0).forEach((run) => run());
  expect(cost.isUnderWay).toBe(true);
  now_ms += takes_ms;
  status = 1;
  frames.splice(0).forEach((run) => run());
  expect(cost.isUnderWay).toBe(false);
}

test("drawing takes long once two drawings after each other did", () => {
  const cost = new Cost();
  draw(cost, 300);
  expect(cost.isLong).toBe(false);
  draw(cost, 300);
  expect(cost.isLong).toBe(true);
  draw(cost, 10);
  expect(cost.isLong).toBe(false);
});
