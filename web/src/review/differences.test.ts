import { expect, test } from "vitest";

import { byDifference, sharesOf } from "./differences";

test("the image with the most differences comes first, equals as they came", () => {
  const images = [
    { image: 1, both: 90, only_first: 1, only_second: 0 },
    { image: 2, both: 0, only_first: 3, only_second: 4 },
    { image: 3, both: 5, only_first: 0, only_second: 1 },
  ];
  expect(byDifference(images).map((one) => one.image)).toEqual([2, 1, 3]);
  expect(images[0]?.image).toBe(1);
});

test("shares of a bar make 100 percent, or nothing", () => {
  expect(sharesOf({ both: 2, only_first: 1, only_second: 1 })).toEqual({
    first: 25,
    both: 50,
    second: 25,
  });
  expect(sharesOf({ both: 0, only_first: 0, only_second: 0 })).toEqual({
    first: 0,
    both: 0,
    second: 0,
  });
});
