/** What clicks, drags and keys in the views do to the labels of a tomogram. */

import { session } from "../state/project.svelte";
import { labels } from "../state/labels.svelte";
import { picks } from "../state/picks.svelte";
import { settings, type Tool } from "../state/settings.svelte";
import { pxOfA } from "../geometry/units";
import { wordsOf } from "../review/pick_words";
import type { Choice } from "../canvas/choices";
import { toolInForce, VOLUME_CHOICES } from "./choices";
import { candidateMarks, isOpen, labelMarks, type Mark, type Slab } from "./marks";
import { axesOf, clamped, isInside, type Plane, type Voxel } from "./planes";
import { regionAt } from "./region_sections";
import { RegionWork } from "./region_work.svelte";
import type { Scene } from "./scene.svelte";

/** Radius of marks where nobody said how large the particle is, voxels. */
const UNKNOWN_RADIUS = 6;

interface LabelMark {
  readonly kind: "particle" | "not_particle";
}

export class Work {
  /** A label while it is dragged. */
  moving = $state.raw<{ readonly id: string; readonly voxel: Voxel } | null>(null);
  /** The line of the tool that measures. */
  line = $state.raw<{ readonly plane: Plane; readonly from: Voxel; readonly to: Voxel } | null>(
    null,
  );

  /** What is known of the candidate under the pointer. */
  pointed = $state<string | null>(null);
  readonly regions: RegionWork;

  constructor(private readonly scene: Scene) {
    this.regions = new RegionWork(scene);
  }

  get tool(): Tool {
    return toolInForce(settings.tool);
  }

  /** The button that is pressed. */
  get choice(): Choice | undefined {
    const { tool } = this;
    return VOLUME_CHOICES.find(
      (choice) =>
        choice.tool === tool && (choice.kind === undefined || choice.kind === settings.pointKind),
    );
  }

  choose({ tool, kind }: Choice): void {
    settings.tool = tool;
    if (kind) settings.pointKind = kind;
  }

  get classes(): readonly string[] {
    return session.project?.classes.map(({ name }) => name) ?? [];
  }

  /** The class that a click adds. */
  get currentClass(): string {
    const { classes } = this;
    return classes.includes(settings.currentClass) ? settings.currentClass : (classes[0] ?? "");
  }

  radiusOf(className: string): number {
    const diameter_A = session.diameter_A(className);
    if (diameter_A === null) return UNKNOWN_RADIUS;
    return pxOfA(diameter_A / 2, session.current?.pixel_size_A ?? null);
  }

  /** Everything in a slice, what lies on top last. */
  marks(plane: Plane): readonly Mark[] {
    const { scene } = this;
    const image = session.currentId;
    if (!scene.slices || image === null) return [];
    const slab: Slab = {
      plane,
      slice: scene.slice(plane),
      thickness: scene.thickness,
      radiusOf: (className) => this.radiusOf(className),
    };
    const marks: Mark[] = [];
    const beside = settings.showBeside ? picks.besidePicksOf(image) : null;
    if (beside) {
      const found = candidateMarks(beside, picks.besideThreshold, slab, "beside");
      marks.push(...found.filter(isOpen));
    }
    const shown = settings.showPicks ? picks.picksOf(image) : null;
    if (shown) {
      const found = candidateMarks(shown, picks.threshold, slab, "candidate");
      marks.push(...found.filter((mark) => settings.showRejected || isOpen(mark)));
    }
    if (settings.showLabels && labels.isLoaded) {
      const { moving } = this;
      const points = labels.points.map((point) =>
        point.id === moving?.id ? { ...point, ...moving.voxel } : point,
      );
      marks.push(...labelMarks(points, slab));
    }
    return marks;
  }

  /** Do what the tool says; Shift takes labels away with every tool that sets them. */
  click(
    plane: Plane,
    voxel: Voxel,
    mark: Mark | null,
    event: { altKey: boolean; shiftKey: boolean },
  ): void {
    const { regions, scene, tool } = this;
    if (!isInside(voxel, scene.extent)) return;
    if (regions.tool && plane === "xy") regions.click(voxel);
    else if (regions.tool || tool === "pan" || tool === "measure") scene.lookAt(voxel);
    else if (tool === "erase") this.#erase(voxel, mark);
    else if (event.shiftKey) this.#remove(mark);
    else if (isLabel(mark)) scene.lookAt(mark.voxel);
    else this.add(mark?.voxel ?? voxel, event.altKey);
  }

  /** The pointer moved over a view; null where it left it. */
  hover(plane: Plane, voxel: Voxel | null, mark: Mark | null): void {
    this.regions.hover(plane === "xy" && this.regions.tool ? voxel : null);
    this.pointed = mark && this.#wordsOf(mark);
  }

  #wordsOf({ kind, id }: Mark): string | null {
    const image = session.currentId;
    if (image === null || isLabel({ kind })) return null;
    const candidates = kind === "beside" ? picks.besidePicksOf(image) : picks.picksOf(image);
    const index = candidates?.number.indexOf(Number(id)) ?? -1;
    return candidates && index >= 0 ? wordsOf(candidates, index) : null;
  }

  add(voxel: Voxel, isRefusal: boolean): void {
    const place = clamped(voxel, this.scene.extent);
    const kind = isRefusal ? "not_particle" : settings.pointKind;
    const class_name = kind === "particle" ? this.currentClass : settings.junkClass;
    labels.addPoint({ kind, class_name, ...place });
    this.scene.lookAt(place);
  }

  /** Enter: what the tool does at the crosshair. */
  enter(): void {
    const { crosshair } = this.scene;
    if (this.regions.tool) this.regions.enter(crosshair);
    else if (this.tool === "erase") this.removeAtCrosshair();
    else if (this.tool === "point") this.add(crosshair, false);
  }

  /** Take away a label, or the region that a click on nothing else is in. */
  #erase(voxel: Voxel, mark: Mark | null): void {
    if (isLabel(mark)) this.#remove(mark);
    else if (settings.showRegions) {
      const region = regionAt(labels.regions, voxel);
      if (region) labels.removeRegions([region.id]);
    }
  }

  #remove(mark: Mark | null): void {
    if (isLabel(mark)) labels.removePoints([String(mark.id)]);
  }

  /** Take away the label nearest to the crosshair, within its sphere. */
  removeAtCrosshair(): void {
    const { crosshair } = this.scene;
    const near = labels.points
      .map((point) => {
        const { x, y, z } = point;
        const distance = Math.hypot(x - crosshair.x, y - crosshair.y, (z ?? 0) - crosshair.z);
        return { point, distance };
      })
      .filter(({ point, distance }) => distance <= this.radiusOf(point.class_name))
      .sort((a, b) => a.distance - b.distance);
    const nearest = near[0];
    if (nearest) labels.removePoints([nearest.point.id]);
  }

  /** Whether a drag that begins on a mark does something with it. */
  takes(plane: Plane, mark: Mark | null): boolean {
    if (this.tool === "outline") return false;
    if (this.regions.tool) return plane === "xy";
    return this.tool === "measure" || (this.tool === "point" && isLabel(mark));
  }

  /** Move a label within the view's slice: its depth stays. */
  drag(plane: Plane, from: Voxel, to: Voxel, mark: Mark | null): void {
    if (this.regions.tool) this.regions.drag(from, to);
    else if (this.tool === "measure") {
      this.line = { plane, from, to };
      const length_px = Math.hypot(to.x - from.x, to.y - from.y, to.z - from.z);
      settings.measured_A = length_px * (session.current?.pixel_size_A ?? 1);
    } else if (isLabel(mark)) {
      const { normal } = axesOf(plane);
      const voxel = { ...to, [normal]: mark.voxel[normal] };
      this.moving = { id: String(mark.id), voxel: clamped(voxel, this.scene.extent) };
    }
  }

  drop(to: Voxel): void {
    const { moving } = this;
    this.regions.drop(to);
    if (moving) labels.movePoint(moving.id, moving.voxel.x, moving.voxel.y, moving.voxel.z);
    this.moving = null;
  }

  cancel(): void {
    this.regions.cancel();
    this.moving = null;
    this.line = null;
  }

  /** Go on to the next class. */
  nextClass(): void {
    const { classes } = this;
    const next = classes[(classes.indexOf(this.currentClass) + 1) % classes.length];
    if (next !== undefined) settings.currentClass = next;
  }
}

function isLabel<M extends Pick<Mark, "kind">>(mark: M | null): mark is M & LabelMark {
  return mark?.kind === "particle" || mark?.kind === "not_particle";
}
