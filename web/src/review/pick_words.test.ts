import { expect, test } from "vitest";

import type { ImagePicks } from "../api/schema";
import { toCandidates, withDecisions } from "./candidates";
import { wordsOf } from "./pick_words";

const answer: ImagePicks = {
  is_picked: true,
  number: [4, 9, 2],
  x: [10, 20, 30],
  y: [1, 2, 3],
  z: null,
  score: [0.9, 0.5, 0.125],
  class_index: null,
  judgement: null,
  said: [],
  classes: ["particle"],
};

const judgement = {
  verdict: [1, 3, 0],
  probability: [0.97, 0.031, null],
  class_index: [0, 1, -1],
  classes: ["particle", "ice"],
};

test("where nothing was decided, the score is all there is to say", () => {
  expect(wordsOf(toCandidates(1, 1, answer), 2)).toBe("score 0.13");
});

test("a class is named where there are several", () => {
  const several = { ...answer, classes: ["ribosome", "proteasome"], class_index: [1, 0, 0] };
  expect(wordsOf(toCandidates(1, 1, several), 0)).toBe("score 0.90 · proteasome");
});

test("a pruning says what it decides and why", () => {
  const pruned = toCandidates(1, 1, { ...answer, judgement });
  expect(wordsOf(pruned, 1)).toBe(
    "score 0.50 · pruning: rejected (looks like ice, 3 % likely a particle)",
  );
  expect(wordsOf(pruned, 2)).toBe("score 0.13");
});

test("a person's word comes with the name and the reason, this page's own as yours", () => {
  const said = [{ number: 4, decision: "reject" as const, reason: "carbon", by: "ada" }];
  const candidates = toCandidates(1, 1, { ...answer, said });
  expect(wordsOf(candidates, 0)).toBe("score 0.90 · rejected by ada: carbon");
  const mine = withDecisions(candidates, new Map([[4, "keep" as const]]));
  expect(wordsOf(mine, 0)).toBe("score 0.90 · kept by you");
});
