import { expect, test } from "vitest";

import { columnsOf, layoutOf, PAGE, pagesOf, scrollTo, spanInSight, spriteOf, tileFor } from "./sheets";

test("as many columns as fit, at least one", () => {
  expect(layoutOf(100, 650, 100)).toEqual({ columns: 6, rows: 17, height: 1700 });
  expect(layoutOf(3, 40, 100)).toEqual({ columns: 1, rows: 3, height: 300 });
  expect(layoutOf(0, 650, 100).height).toBe(0);
});

test("of 100 000 candidates only those near what is in sight are drawn", () => {
  const layout = layoutOf(100_000, 650, 100);
  const span = spanInSight(layout, 100_000, 100, 50_000, 600);
  expect(span).toEqual({ first: 498 * 6, end: 508 * 6 });
});

test("the span never leaves the gallery", () => {
  const layout = layoutOf(20, 650, 100);
  expect(spanInSight(layout, 20, 100, 0, 2000)).toEqual({ first: 0, end: 20 });
  expect(spanInSight(layout, 20, 100, 90_000, 600)).toEqual({ first: 20, end: 20 });
  expect(spanInSight(layoutOf(0, 650, 100), 0, 100, 0, 600)).toEqual({ first: 0, end: 0 });
});

test("pages hold the span, whole", () => {
  expect(pagesOf({ first: 0, end: PAGE })).toEqual([0]);
  expect(pagesOf({ first: PAGE - 1, end: PAGE + 1 })).toEqual([0, 1]);
  expect(pagesOf({ first: 5, end: 5 })).toEqual([]);
});

test("a sprite shows its own picture of the sheet", () => {
  expect(spriteOf(0, 60, 96)).toEqual({ size: "960px 576px", position: "0px 0px" });
  expect(spriteOf(23, 60, 96).position).toBe("-288px -192px");
});

test("a sheet that is not full is as large as what it holds", () => {
  expect(columnsOf(3)).toBe(3);
  expect(columnsOf(60)).toBe(10);
  expect(spriteOf(2, 3, 96).size).toBe("288px 96px");
  expect(spriteOf(10, 11, 96)).toEqual({ size: "960px 192px", position: "0px -96px" });
});

test("scrolling moves only as far as it must", () => {
  const layout = layoutOf(1000, 650, 100);
  expect(scrollTo(0, layout, 100, 300, 600)).toBe(0);
  expect(scrollTo(30, layout, 100, 300, 600)).toBe(300);
  expect(scrollTo(60, layout, 100, 300, 600)).toBe(500);
});

test("pictures are as sharp as the screen, within what the server draws", () => {
  expect(tileFor(96, 1)).toBe(96);
  expect(tileFor(96, 2)).toBe(192);
  expect(tileFor(208, 2)).toBe(256);
  expect(tileFor(96, 0.5)).toBe(96);
});
