import { beforeEach, expect, test, vi } from "vitest";

import { ApiError, changePickSet, getPicks, getPickSets } from "../api/client";
import type { ImagePicks, PickSetSummary } from "../api/schema";
import { decisions } from "../review/decisions.svelte";
import { picks } from "./picks.svelte";

vi.mock("../api/client", async (original) => ({
  ...(await original<typeof import("../api/client")>()),
  changePickSet: vi.fn(),
  getPicks: vi.fn(),
  getPickSets: vi.fn(),
  saveReview: vi.fn(async () => null),
}));

const summary = (id: number, threshold = 0.5): PickSetSummary => ({
  id,
  name: `set ${id}`,
  run: null,
  made_at: "2026-01-01T00:00:00Z",
  is_complete: true,
  images: 2,
  candidates: 4,
  threshold,
  classes: ["particle"],
  is_pruned: false,
  predicted_classes: [],
  kept: 0,
  rejected: 0,
  stamp: 1,
  made_for: null,
});

const answer: ImagePicks = {
  is_picked: true,
  number: [0, 1],
  x: [1, 2],
  y: [3, 4],
  z: null,
  score: [0.9, 0.4],
  class_index: null,
  judgement: null,
  said: [],
  classes: ["particle"],
};

let sets: PickSetSummary[] = [];

beforeEach(() => {
  sets = [summary(1, 0.3)];
  vi.mocked(getPickSets).mockImplementation(async () => ({ pick_sets: sets }));
  vi.mocked(getPicks).mockReset().mockResolvedValue(answer);
  vi.mocked(changePickSet).mockImplementation(async (set, change) => ({
    ...summary(set),
    threshold: change.threshold ?? 0.5,
  }));
});

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test("the threshold is that of the shown set, and new picks come to the front", async () => {
  await picks.reload();
  expect(picks.shown?.id).toBe(1);
  expect(picks.threshold).toBe(0.3);
  sets = [summary(2, 0.6), summary(1, 0.3)];
  await picks.reload();
  expect(picks.shown?.id).toBe(2);
  expect(picks.beside?.id).toBe(1);
  expect(picks.threshold).toBe(0.6);
  expect(picks.besideThreshold).toBe(0.3);
});

test("a threshold that is being moved is not pulled back by what the server still has", async () => {
  sets = [summary(2, 0.6), summary(1, 0.3)];
  picks.moveThreshold(0.8);
  await picks.reload();
  expect(picks.threshold).toBe(0.8);
  await picks.saveThreshold();
  expect(changePickSet).toHaveBeenLastCalledWith(2, { threshold: 0.8 });
  expect(picks.shown?.threshold).toBe(0.8);
});

test("a threshold that could not be saved is said", async () => {
  vi.mocked(changePickSet).mockRejectedValueOnce(new Error("no answer"));
  picks.moveThreshold(0.7);
  await picks.saveThreshold();
  expect(picks.problem).toContain("no answer");
});

test("a threshold that found no connection is saved when it is back", async () => {
  sets = [summary(2, 0.6), summary(1, 0.3)];
  vi.mocked(changePickSet).mockRejectedValueOnce(new ApiError(0, "no answer"));
  picks.moveThreshold(0.65);
  await picks.saveThreshold();
  expect(picks.threshold).toBe(0.65);
  await picks.reload();
  expect(changePickSet).toHaveBeenLastCalledWith(2, { threshold: 0.65 });
  expect(picks.threshold).toBe(0.65);
  expect(picks.problem).toBeNull();
});

test("candidates are asked for once, and are there when they come", async () => {
  expect(picks.picksOf(7)).toBeNull();
  expect(picks.picksOf(7)).toBeNull();
  await settled();
  expect(getPicks).toHaveBeenCalledTimes(1);
  expect([...(picks.picksOf(7)?.number ?? [])]).toEqual([0, 1]);
});

test("a decision shows on the image at once, also when the answer is older", async () => {
  picks.decide([{ number: 1, decision: "reject", reason: "ice" }]);
  let late: (value: ImagePicks) => void = () => undefined;
  vi.mocked(getPicks).mockImplementationOnce(
    () => new Promise((resolve) => (late = resolve)),
  );
  expect(picks.picksOf(8)).toBeNull();
  await settled();
  await decisions.settled();
  late(answer);
  await settled();
  expect([...(picks.picksOf(8)?.decision ?? [])]).toEqual([0, 2]);
});

test("the two sets change places when the one beside is shown", async () => {
  picks.show(1);
  expect(picks.shown?.id).toBe(1);
  expect(picks.beside?.id).toBe(2);
  picks.showBeside(1);
  expect(picks.beside).toBeNull();
});
