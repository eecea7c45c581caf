import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Cost, REST_ms } from "./held_picture";
import { Stage } from "./stage";

interface Given {
  viewState: { target: number[] };
}

const given: Given[] = [];
let rendered: (context: { gl: unknown }) => void = () => undefined;

vi.mock("@deck.gl/core", () => ({
  Deck: class {
    constructor(props: { onAfterRender: typeof rendered }) {
      rendered = props.onAfterRender;
    }
    setProps(props: Given): void {
      given.push(props);
    }
    finalize(): void {
      return;
    }
  },
  OrthographicView: class {},
}));

const canvas = { style: { transform: "" } };
let isLong = false;

beforeEach(() => {
  vi.useFakeTimers();
  given.length = 0;
  canvas.style.transform = "";
  isLong = true;
  const context = { getExtension: () => null };
  vi.stubGlobal("document", { createElement: () => ({ getContext: () => context }) });
  vi.spyOn(Cost.prototype, "begin").mockImplementation(() => undefined);
  vi.spyOn(Cost.prototype, "isLong", "get").mockImplementation(() => isLong);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function opened(): Stage {
  const parent = { querySelector: () => canvas, clientWidth: 800, clientHeight: 600 };
  return new Stage({
    parent: parent as unknown as HTMLDivElement,
    ready: () => undefined,
    failed: (why) => expect.unreachable(why),
  });
}

const layers: [] = [];
const at = (x: number) => ({ x, y: 0, scale: 1 });

test("where drawing is quick, every move is drawn", () => {
  isLong = false;
  const stage = opened();
  for (const x of [0, 1, 2]) {
    stage.draw(at(x), layers);
    rendered({ gl: null });
  }
  expect(given.map(({ viewState }) => viewState.target[0])).toEqual([0, 1, 2]);
  expect(canvas.style.transform).toBe("");
});

test("where it takes long, what is drawn is moved, and drawn anew at rest", () => {
  const stage = opened();
  stage.draw(at(0), layers);
  rendered({ gl: null });
  stage.draw(at(10), layers);
  stage.draw(at(20), layers);
  expect(given).toHaveLength(1);
  expect(canvas.style.transform).toContain("translate(-20px, 0px)");
  // Finer parts of the picture come on the way.
  stage.draw(at(30), []);
  expect(given).toHaveLength(1);
  vi.advanceTimersByTime(REST_ms);
  expect(given.at(-1)?.viewState.target[0]).toBe(30);
  rendered({ gl: null });
  expect(canvas.style.transform).toBe("");
});

test("what comes while nothing moves puts the rest off no further", () => {
  const stage = opened();
  const there = at(10);
  stage.draw(at(0), layers);
  rendered({ gl: null });
  stage.draw(there, layers);
  for (let part = 0; part < 4; part++) {
    vi.advanceTimersByTime(REST_ms / 3);
    stage.draw(there, []);
  }
  expect(given.length).toBeGreaterThan(1);
});

test("what changes at rest is drawn at once, however long it takes", () => {
  const stage = opened();
  stage.draw(at(0), layers);
  rendered({ gl: null });
  stage.draw(at(0), []);
  expect(given).toHaveLength(2);
});

test("far from what is drawn, it is drawn anew on the way", () => {
  const stage = opened();
  stage.draw(at(0), layers);
  rendered({ gl: null });
  stage.draw(at(500), layers);
  expect(given).toHaveLength(2);
});

test("a stage that was closed draws nothing more", () => {
  const stage = opened();
  stage.draw(at(0), layers);
  rendered({ gl: null });
  stage.draw(at(10), layers);
  stage.close();
  vi.advanceTimersByTime(10 * REST_ms);
  expect(given).toHaveLength(1);
});
