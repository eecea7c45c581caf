import { describe, expect, it } from "vitest";
import { Outdated, withAnswer, type PickCount } from "./counts";

const columns = (rows: Record<number, [kept: number, rejected: number]>) => ({
  image: Object.keys(rows).map(Number),
  kept: Object.values(rows).map(([kept]) => kept),
  rejected: Object.values(rows).map(([, rejected]) => rejected),
});

describe("counts of picks", () => {
  const before = new Map<number, PickCount>([
    [1, { kept: 5, rejected: 0 }],
    [2, { kept: 6, rejected: 1 }],
  ]);

  it("are all new after a question about all", () => {
    const counts = withAnswer(before, null, columns({ 3: [7, 2] }));
    expect([...counts]).toEqual([[3, { kept: 7, rejected: 2 }]]);
  });

  it("change where they were asked for, and are forgotten where there are none", () => {
    const counts = withAnswer(before, [1, 2, 3], columns({ 1: [4, 1], 3: [0, 0] }));
    expect(counts.get(1)).toEqual({ kept: 4, rejected: 1 });
    expect(counts.get(2)).toBeUndefined();
    expect(counts.get(3)).toEqual({ kept: 0, rejected: 0 });
    expect(before.size).toBe(2);
  });
});

describe("what is outdated", () => {
  it("is everything to begin with, then what was named, each once", () => {
    const outdated = new Outdated();
    expect(outdated.take()).toBeNull();
    expect(outdated.take()).toBeUndefined();
    for (const image of [4, 7, 4]) outdated.add(image);
    expect(outdated.take()).toEqual([4, 7]);
    expect(outdated.take()).toBeUndefined();
  });

  it("is everything where it is said so, or where many are named", () => {
    const outdated = new Outdated();
    outdated.take();
    outdated.add(4);
    outdated.add(null);
    expect(outdated.take()).toBeNull();
    for (let image = 0; image < 101; image++) outdated.add(image);
    expect(outdated.take()).toBeNull();
    expect(outdated.take()).toBeUndefined();
  });
});
