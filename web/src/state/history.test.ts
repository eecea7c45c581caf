import { expect, it } from "vitest";
import { applied, isPoint, NO_ITEMS, type Operation } from "../api/operations";
import type { Point } from "../api/schema";
import { History } from "./history";

const put = (id: string, x: number): Operation => {
  const point: Point = { id, kind: "particle", x, y: 2, z: null, class_name: "particle" };
  return { operation: "put_point", point };
};

it("goes back and forth over ten thousand steps", () => {
  const history = new History();
  let labels = NO_ITEMS;
  const places = () => [...labels.values()].filter(isPoint).map(({ id, x }) => [id, x]);
  for (let step = 0; step < 10_000; step++) {
    const operations = [put(`point-${step % 100}`, step)];
    history.add(labels, operations);
    labels = applied(labels, operations);
  }
  const last = places();
  for (let back = history.undo(); back; back = history.undo()) labels = applied(labels, back);
  expect(labels.size).toBe(0);
  expect(history.canUndo).toBe(false);
  for (let forth = history.redo(); forth; forth = history.redo()) labels = applied(labels, forth);
  expect(places()).toEqual(last);
  expect(history.canRedo).toBe(false);
});

it("forgets what was taken back at a new edit", () => {
  const history = new History();
  history.add(NO_ITEMS, [put("point-one", 1)]);
  history.undo();
  history.add(NO_ITEMS, [put("point-two", 1)]);
  expect(history.canRedo).toBe(false);
  expect(history.undo()).toEqual([{ operation: "remove", ids: ["point-two"] }]);
});
