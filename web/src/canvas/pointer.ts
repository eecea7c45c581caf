/** Mouse, pen and fingers on the canvas, turned into drags, clicks, panning and zooming. */
import type { Place } from "../geometry/view";
import type { Pointer, Tool } from "./tools/tool";

export interface PointerHost {
  tool(): Tool;
  toImage(place: Place): Place;
  /** CSS pixels. */
  pan(dx: number, dy: number): void;
  zoom(factor: number, around: Place): void;
  hovered(pointer: Pointer | null): void;
}

/** A pointer that moves less than this, in CSS pixels, is a click. */
const CLICK_px = 4;
const DOUBLE_CLICK_MS = 350;
/** Zoom by one notch of a wheel, which is about 100 pixels of scrolling. */
const ZOOM_OF_WHEEL = 0.002;
const PIXELS_OF_LINE = 33;

type State = "idle" | "pressed" | "dragging" | "panning" | "pinching";

/** Begin to listen; returns what ends it. */
export function listen(element: HTMLElement, host: PointerHost): () => void {
  const input = new Input(element, host);
  const handlers: [string, (event: never) => void][] = [
    ["pointerdown", (event) => input.down(event)],
    ["pointermove", (event) => input.move(event)],
    ["pointerup", (event) => input.up(event)],
    ["pointercancel", (event) => input.lost(event)],
    ["pointerleave", () => host.hovered(null)],
    ["wheel", (event) => input.wheel(event)],
    ["contextmenu", (event: Event) => event.preventDefault()],
  ];
  for (const [name, handler] of handlers) {
    element.addEventListener(name, handler as EventListener, { passive: false });
  }
  return () => {
    for (const [name, handler] of handlers) {
      element.removeEventListener(name, handler as EventListener);
    }
  };
}

class Input {
  #state: State = "idle";
  readonly #fingers = new Map<number, Place>();
  #start: { screen: Place; pointer: Pointer; pans: boolean } | null = null;
  #lastClick: { screen: Place; at: number } | null = null;

  constructor(
    private readonly element: HTMLElement,
    private readonly host: PointerHost,
  ) {}

  down(event: PointerEvent): void {
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    const screen = this.#screen(event);
    this.#fingers.set(event.pointerId, screen);
    if (this.#fingers.size === 2) {
      if (this.#state === "dragging") this.host.tool().cancel();
      this.#state = "pinching";
    }
    if (this.#fingers.size > 1) return;
    // The middle and the right button move the picture, whatever the tool.
    this.#start = { screen, pointer: this.#pointer(event), pans: event.button !== 0 };
    this.#state = "pressed";
  }

  move(event: PointerEvent): void {
    const screen = this.#screen(event);
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) {
      const pointer = this.#pointer(event);
      this.host.tool().hover(pointer);
      this.host.hovered(pointer);
      return;
    }
    if (this.#state === "pinching") this.#pinch(event.pointerId, before, screen);
    this.#fingers.set(event.pointerId, screen);
    const start = this.#start;
    if (this.#state === "pressed" && start !== null) {
      if (Math.hypot(screen.x - start.screen.x, screen.y - start.screen.y) < CLICK_px) return;
      const isGrabbed = !start.pans && this.host.tool().grab(start.pointer);
      this.#state = isGrabbed ? "dragging" : "panning";
      if (!isGrabbed) this.host.pan(screen.x - start.screen.x, screen.y - start.screen.y);
    } else if (this.#state === "panning") {
      this.host.pan(screen.x - before.x, screen.y - before.y);
    }
    if (this.#state === "dragging") {
      // The browser gathers moves between frames; strokes want them all.
      const moves = event.getCoalescedEvents();
      for (const each of moves.length > 0 ? moves : [event]) {
        this.host.tool().drag(this.#pointer(each));
      }
      this.host.hovered(this.#pointer(event));
    }
  }

  up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId)) return;
    const state = this.#state;
    if (this.#fingers.size > 0) return;
    this.#state = "idle";
    const pointer = this.#pointer(event);
    if (state === "dragging") this.host.tool().drop(pointer);
    if (state === "pressed" && this.#start?.pans === false) this.#click(event, pointer);
    this.#start = null;
  }

  lost(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#state === "dragging") this.host.tool().cancel();
    if (this.#fingers.size === 0) this.#state = "idle";
    this.#start = null;
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : PIXELS_OF_LINE;
    // A pinch on a trackpad comes as a wheel with the Ctrl key, in smaller steps.
    const speed = event.ctrlKey ? 5 * ZOOM_OF_WHEEL : ZOOM_OF_WHEEL;
    const factor = Math.exp(-event.deltaY * pixels * speed);
    this.host.zoom(Math.min(2, Math.max(0.5, factor)), this.#screen(event));
  }

  #click(event: PointerEvent, pointer: Pointer): void {
    const screen = this.#screen(event);
    const last = this.#lastClick;
    this.#lastClick = { screen, at: event.timeStamp };
    this.host.tool().click(pointer);
    if (last === null || event.timeStamp - last.at > DOUBLE_CLICK_MS) return;
    if (Math.hypot(screen.x - last.screen.x, screen.y - last.screen.y) > 2 * CLICK_px) return;
    this.#lastClick = null;
    if (!this.host.tool().doubleClick(pointer)) this.host.zoom(2, screen);
  }

  /** Two fingers: their middle moves the picture, their distance zooms it. */
  #pinch(id: number, before: Place, now: Place): void {
    const other = [...this.#fingers].find(([finger]) => finger !== id)?.[1];
    if (other === undefined) return;
    const distance = (place: Place): number =>
      Math.max(1, Math.hypot(place.x - other.x, place.y - other.y));
    this.host.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.host.zoom(distance(now) / distance(before), {
      x: (now.x + other.x) / 2,
      y: (now.y + other.y) / 2,
    });
  }

  #pointer(event: MouseEvent): Pointer {
    return {
      place: this.host.toImage(this.#screen(event)),
      shift: event.shiftKey,
      alt: event.altKey,
    };
  }

  #screen(event: MouseEvent): Place {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}
