import { expect, test } from "vitest";

import { nameIn } from "./download";
import { formatName } from "./formats";

test.each([
  ['attachment; filename="picks.star"', "picks.star"],
  ["attachment; filename=picks.star", "picks.star"],
  ["attachment; filename*=utf-8''pr%C3%A4parat.star", "präparat.star"],
  ["attachment; filename=\"a.star\"; filename*=UTF-8''b.star", "b.star"],
  ["attachment; filename*=utf-8''%E0%A4; filename=\"a.star\"", "a.star"],
  ["attachment", "labels.star"],
  [null, "labels.star"],
])("the name in %s is %s", (header, name) => {
  expect(nameIn(header, "labels.star")).toBe(name);
});

test("a format that is not known here keeps its own name", () => {
  expect(formatName("relion-star").title).toContain("RELION");
  expect(formatName("brand-new").title).toBe("brand-new");
});
