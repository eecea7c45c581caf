import { beforeEach, describe, expect, it } from "vitest";
import type { Operation, Point } from "../../api/client";
import { applied, isPoint, isRegion, NO_ITEMS } from "../../api/operations";
import { contains } from "../../geometry/polygon";
import type { Place, Rectangle } from "../../geometry/view";
import { PointTool } from "./point";
import { CompleteTool, MeasureTool, OutlineTool } from "./shapes";
import { EraseTool, ExcludeTool, LassoTool } from "./stroke";
import type { Draft, Host, Labelling, Pointer, Selection, Target } from "./tool";

const at = (x: number, y: number, keys: Partial<Pointer> = {}): Pointer => ({
  place: { x, y },
  shift: false,
  alt: false,
  ...keys,
});

const isIn = (part: Rectangle, { x, y }: Place): boolean =>
  x >= part.left && x <= part.right && y >= part.top && y <= part.bottom;

/** A canvas of 1000 x 800 pixels with two candidates, and labels in memory. */
class Canvas implements Host {
  items = NO_ITEMS;
  kind: Point["kind"] = "particle";
  brushRadius = 20;
  tolerance = 4;
  borders = { left: -0.5, top: -0.5, right: 999.5, bottom: 799.5 };
  draft: Draft | null = null;
  moving: Point | null = null;
  selection: Selection | null = null;
  lengths: [number, boolean][] = [];
  candidates: Place[] = [
    { x: 100, y: 100 },
    { x: 500.5, y: 300.25 },
  ];
  #count = 0;

  readonly labels: Labelling = this.#labelling();

  get points(): Point[] {
    return [...this.items.values()].filter(isPoint);
  }

  #labelling(): Labelling {
    const apply = (operations: Operation[]): void => {
      this.items = applied(this.items, operations);
    };
    const host = this;
    return {
      get points() {
        return host.points;
      },
      get regions() {
        return [...host.items.values()].filter(isRegion);
      },
      addPoints(points) {
        const made = points.map((point) => ({ ...point, id: `point-${host.#count++}` }));
        apply(made.map((point) => ({ operation: "put_point", point })));
        return made.map((point) => point.id);
      },
      changePoints: (points) =>
        apply(points.map((point) => ({ operation: "put_point", point }))),
      removePoints: (ids) => apply([{ operation: "remove", ids: [...ids] }]),
      addRegion(region) {
        const id = `region-${host.#count++}`;
        apply([{ operation: "put_region", region: { ...region, id } }]);
        return id;
      },
      removeRegions: (ids) => apply([{ operation: "remove", ids: [...ids] }]),
    };
  }

  classFor(kind: Point["kind"]): string {
    return kind === "particle" ? "ribosome" : "junk";
  }

  targetAt(place: Place): Target | null {
    const near = (other: Place): boolean => Math.hypot(other.x - place.x, other.y - place.y) < 30;
    const point = this.points.find(near);
    if (point) return { what: "label", point };
    const index = this.candidates.findIndex(near);
    const candidate = this.candidates[index];
    return candidate ? { what: "candidate", index, place: candidate } : null;
  }

  labelsIn(part: Rectangle): Point[] {
    return this.points.filter((point) => isIn(part, point));
  }

  candidatesIn(part: Rectangle): Place[] {
    return this.candidates.filter((place) => isIn(part, place));
  }

  measured(length_px: number, isDone: boolean): void {
    this.lengths.push([length_px, isDone]);
  }
}

let canvas: Canvas;
beforeEach(() => (canvas = new Canvas()));

describe("point tool", () => {
  it("marks a place, and takes a candidate's place exactly", () => {
    const tool = new PointTool(canvas);
    tool.click(at(700, 700));
    tool.click(at(510, 310));
    expect(canvas.points).toMatchObject([
      { kind: "particle", class_name: "ribosome", x: 700, y: 700 },
      { kind: "particle", class_name: "ribosome", x: 500.5, y: 300.25 },
    ]);
  });

  it("refuses with Alt, corrects a label by one click, and removes it with Shift", () => {
    const tool = new PointTool(canvas);
    tool.click(at(100, 100, { alt: true }));
    expect(canvas.points).toMatchObject([{ kind: "not_particle", class_name: "junk" }]);
    tool.click(at(101, 99));
    expect(canvas.points).toMatchObject([{ kind: "particle", class_name: "ribosome" }]);
    tool.click(at(101, 99));
    expect(canvas.points.length).toBe(1);
    tool.click(at(101, 99, { shift: true }));
    expect(canvas.points).toEqual([]);
  });

  it("does not mark beside the image", () => {
    new PointTool(canvas).click(at(-40, 900));
    expect(canvas.points).toEqual([]);
  });

  it("moves a label by dragging it, and nothing else", () => {
    const tool = new PointTool(canvas);
    tool.click(at(700, 700));
    expect(tool.grab(at(400, 400))).toBe(false);
    expect(tool.grab(at(702, 699))).toBe(true);
    tool.drag(at(720, 690));
    expect(canvas.points[0]).toMatchObject({ x: 700, y: 700 });
    tool.drop(at(730, 680));
    expect(canvas.points[0]).toMatchObject({ x: 730, y: 680 });
    tool.grab(at(730, 680));
    tool.drag(at(10, 10));
    tool.cancel();
    tool.grab(at(730, 680));
    tool.drop(at(-10, 10));
    expect(canvas.points[0]).toMatchObject({ x: 730, y: 680 });
  });
});

describe("strokes", () => {
  const mark = (x: number, y: number): void => {
    canvas.labels.addPoints([{ kind: "particle", class_name: "a", x, y }]);
  };

  it("erase the labels under them in one step", () => {
    [100, 200, 300].forEach((x) => mark(x, 400));
    mark(200, 600);
    const tool = new EraseTool(canvas);
    tool.grab(at(80, 400));
    tool.drag(at(150, 400));
    tool.drop(at(240, 410));
    expect(canvas.points.map((point) => [point.x, point.y])).toEqual([
      [300, 400],
      [200, 600],
    ]);
    expect(canvas.draft).toBeNull();
  });

  it("erase a region only by a click on nothing else", () => {
    const exclude = new ExcludeTool(canvas);
    exclude.click(at(300, 300));
    mark(300, 300);
    const erase = new EraseTool(canvas);
    erase.click(at(301, 301));
    expect(canvas.labels.points.length).toBe(0);
    expect(canvas.labels.regions.length).toBe(1);
    erase.click(at(301, 301));
    expect(canvas.labels.regions.length).toBe(0);
  });

  it("exclude what they cover, as far as it lies on the image", () => {
    const tool = new ExcludeTool(canvas);
    tool.grab(at(5, 100));
    tool.drag(at(5, 300));
    tool.drop(at(100, 300));
    const [region] = canvas.labels.regions;
    const outline = region?.outline.map(([x = 0, y = 0]) => ({ x, y })) ?? [];
    expect(region?.kind).toBe("exclude");
    expect(contains(outline, { x: 10, y: 200 })).toBe(true);
    expect(contains(outline, { x: 60, y: 200 })).toBe(false);
    expect(Math.min(...outline.map((corner) => corner.x))).toBe(-0.5);
  });

  it("select labels and candidates", () => {
    mark(120, 120);
    mark(700, 700);
    const tool = new LassoTool(canvas);
    tool.grab(at(50, 50));
    tool.drag(at(200, 50));
    tool.drag(at(200, 200));
    tool.drop(at(50, 200));
    expect(canvas.selection?.points.length).toBe(1);
    expect(canvas.selection?.candidates).toEqual([{ x: 100, y: 100 }]);
    tool.click();
    expect(canvas.selection).toBeNull();
  });
});

describe("shapes", () => {
  it("call a rectangle completely labelled, but not one without area", () => {
    const tool = new CompleteTool(canvas);
    tool.grab(at(300, 200));
    tool.drag(at(100, 100));
    tool.drop(at(90, 90));
    tool.grab(at(300, 200));
    tool.drop(at(301, 200));
    expect(canvas.labels.regions).toMatchObject([
      { kind: "complete", outline: [[300, 200], [90, 200], [90, 90], [300, 90]] },
    ]);
  });

  it("exclude a polygon, closed by its first corner, a double click or a key", () => {
    for (const close of [
      (tool: OutlineTool) => tool.click(at(11, 11)),
      (tool: OutlineTool) => {
        tool.click(at(10, 100));
        tool.doubleClick();
      },
      (tool: OutlineTool) => tool.finish(),
    ]) {
      canvas = new Canvas();
      const tool = new OutlineTool(canvas);
      [at(10, 10), at(100, 10), at(100, 100)].forEach((pointer) => tool.click(pointer));
      close(tool);
      expect(canvas.labels.regions[0]?.outline).toEqual([[10, 10], [100, 10], [100, 100]]);
      expect(canvas.draft).toBeNull();
    }
  });

  it("measure a particle", () => {
    const tool = new MeasureTool(canvas);
    tool.grab(at(100, 100));
    tool.drag(at(103, 104));
    tool.drop(at(160, 180));
    expect(canvas.lengths).toEqual([
      [5, false],
      [100, true],
    ]);
    expect(canvas.draft?.shape).toBe("line");
    tool.cancel();
    expect(canvas.draft).toBeNull();
  });
});
