import { beforeEach, expect, test, vi } from "vitest";
import type { Point } from "../api/client";
import { toCandidates } from "../review/candidates";
import { labels } from "../state/labels.svelte";
import { picks } from "../state/picks.svelte";
import { settings } from "../state/settings.svelte";
import { Hits } from "./hits.svelte";

const candidates = toCandidates(1, 1, {
  is_picked: true,
  number: [0, 1, 2],
  x: [100, 300, 500],
  y: [100, 100, 100],
  z: null,
  score: [0.9, 0.8, 0.2],
  class_index: null,
  judgement: null,
  said: [
    { number: 1, decision: "reject", reason: null, by: "ada" },
    { number: 2, decision: "keep", reason: null, by: "ada" },
  ],
  classes: ["particle"],
});
const hits = new Hits({
  candidates,
  radiusOf: () => 40,
  imageSize: { width: 1000 },
  tolerance: 5,
});
const point = (x: number): Point => ({
  id: `point-${x}`,
  kind: "particle",
  class_name: "particle",
  x,
  y: 100,
  z: null,
  by: null,
  at: null,
});
const at = (x: number) => ({ x, y: 100 });
const everywhere = { left: 0, top: 0, right: 1000, bottom: 1000 };

beforeEach(() => {
  vi.restoreAllMocks();
  settings.showPicks = settings.showRejected = settings.showLabels = true;
  picks.threshold = 0.5;
});

test("a rejected pick is found as long as it is shown", () => {
  expect(hits.candidateAt(at(310))).toBe(1);
  expect(hits.targetAt(at(310))).toMatchObject({ what: "candidate", index: 1 });
  settings.showRejected = false;
  expect(hits.candidateAt(at(310))).toBeNull();
  expect(hits.targetAt(at(310))).toBeNull();
});

test("what a person keeps is found below the threshold, others are not", () => {
  expect(hits.candidateAt(at(510))).toBe(2);
  picks.threshold = 0.95;
  expect(hits.candidateAt(at(510))).toBe(2);
  expect(hits.candidateAt(at(110))).toBeNull();
});

test("a lasso takes no pick that was rejected", () => {
  expect(hits.candidatesIn(everywhere).map(({ x }) => x)).toEqual([100, 500]);
});

test("a labelled pick is no target any more, but its words can be read", () => {
  vi.spyOn(labels, "points", "get").mockReturnValue([point(102)]);
  const labelled = new Hits({
    candidates,
    radiusOf: () => 40,
    imageSize: { width: 1000 },
    tolerance: 5,
  });
  expect(labelled.targetAt(at(101))).toMatchObject({ what: "label" });
  expect(labelled.candidateAt(at(101))).toBe(0);
  expect(labelled.labelsIn(everywhere)).toHaveLength(1);
});

test("hidden picks are not found", () => {
  settings.showPicks = false;
  expect(hits.candidateAt(at(100))).toBeNull();
  expect(hits.candidatesIn(everywhere)).toEqual([]);
});
