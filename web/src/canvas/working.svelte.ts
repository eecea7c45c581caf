/** What keys and buttons do to what a tool has begun. */
import { labels } from "../state/labels.svelte";
import { session } from "../state/project.svelte";
import { settings } from "../state/settings.svelte";
import type { Canvas } from "./canvas.svelte";
import { CHOICES, type Choice } from "./choices";
import { removal } from "./selection";
import { toolFor } from "./tools/tools";

export class Working {
  readonly tool = $derived.by(() => toolFor(settings.tool, this.canvas));
  /** The button that is pressed. */
  readonly chosen = $derived(
    CHOICES.find(
      (choice) =>
        choice.tool === settings.tool && (!choice.kind || choice.kind === settings.pointKind),
    ),
  );
  /** Another value makes what was begun nothing: what one tool began is nothing to the next. */
  readonly place = $derived(`${settings.tool} ${session.currentId}`);

  constructor(private readonly canvas: Canvas) {}

  choose(choice: Choice): void {
    settings.tool = choice.tool;
    if (choice.kind) settings.pointKind = choice.kind;
  }

  /** Close what was begun, or click where the crosshair of the keyboard is. */
  finish(hasCrosshair: boolean): void {
    const { canvas, tool } = this;
    if (canvas.draft) tool.finish();
    else if (hasCrosshair) {
      const middle = { x: canvas.size.width / 2, y: canvas.size.height / 2 };
      tool.click({ place: canvas.toImage(middle), shift: false, alt: false });
    }
  }

  cancel(): void {
    this.tool.cancel();
    this.canvas.selection = null;
  }

  removeSelected(): void {
    const { canvas } = this;
    if (canvas.selection) labels.apply(removal(canvas.selection));
    canvas.selection = null;
  }

  /** Forget what was begun. */
  reset(): void {
    const { canvas } = this;
    canvas.draft = null;
    canvas.moving = null;
    canvas.selection = null;
    settings.measured_A = null;
  }
}
