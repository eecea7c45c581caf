import { expect, test } from "vitest";

import { FIRST_FILTERS, isFilters, toQuery } from "./filters";

test("the first gallery has the best selected candidates first", () => {
  expect(toQuery(FIRST_FILTERS, null, ["particle"], [])).toEqual({
    order: "score",
    descending: true,
    selected_only: true,
    undecided_only: false,
    decision: null,
    image: null,
    class_name: null,
    predicted_class: null,
  });
});

test.each(["best", "doubt", "class"] as const)("%s begins with the most of it", (order) => {
  expect(toQuery({ ...FIRST_FILTERS, order }, null, [], []).descending).toBe(true);
});

test("worst first, undecided, of one image", () => {
  const query = toQuery({ ...FIRST_FILTERS, order: "worst", show: "undecided" }, 5, [], []);
  expect(query).toMatchObject({ order: "score", descending: false, undecided_only: true, image: 5 });
});

test("a class that the set does not have is no filter", () => {
  const filters = { ...FIRST_FILTERS, className: "ribosome", predictedClass: "ice" };
  expect(toQuery(filters, null, ["a", "b"], ["particle"])).toMatchObject({
    class_name: null,
    predicted_class: null,
  });
  expect(toQuery(filters, null, ["ribosome", "b"], ["ice"])).toMatchObject({
    class_name: "ribosome",
    predicted_class: "ice",
  });
});

test("what an older page kept is taken up only where it is understood", () => {
  expect(isFilters({ ...FIRST_FILTERS })).toBe(true);
  expect(isFilters({ ...FIRST_FILTERS, order: "random" })).toBe(false);
  expect(isFilters({})).toBe(false);
  expect(isFilters("best")).toBe(false);
});
