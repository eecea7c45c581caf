/** Presses, clicks and drags in one view. */

import type { Mark } from "./marks";
import type { Position } from "./planes";

/** A hand trembles this far, CSS pixels, before a click becomes a drag. */
const TREMBLE = 4;

export interface Handlers {
  /** The mark under a place, if any. */
  readonly find: (place: Position) => Mark | null;
  /** Whether dragging from here draws or moves something, and does not pull the picture. */
  readonly takes: (mark: Mark | null, event: PointerEvent) => boolean;
  readonly click: (place: Position, mark: Mark | null, event: PointerEvent) => void;
  readonly pan: (by: Position) => void;
  readonly drag: (from: Position, to: Position, mark: Mark | null) => void;
  readonly drop: (from: Position, to: Position, mark: Mark | null) => void;
  readonly cancel: () => void;
}

/** Where in an element an event is, CSS pixels. */
export function placeIn(element: Element, event: MouseEvent): Position {
  const { left, top } = element.getBoundingClientRect();
  return { left: event.clientX - left, top: event.clientY - top };
}

interface Press {
  readonly id: number;
  readonly start: Position;
  readonly mark: Mark | null;
  readonly isTaken: boolean;
  last: Position;
  isDrag: boolean;
}

export class Pointer {
  private press: Press | null = null;

  constructor(
    private readonly element: HTMLElement,
    private readonly handlers: Handlers,
  ) {}

  down(event: PointerEvent): void {
    if (this.press || event.button > 2) return;
    this.element.setPointerCapture(event.pointerId);
    const start = placeIn(this.element, event);
    const mark = this.handlers.find(start);
    const isTaken = event.button === 0 && this.handlers.takes(mark, event);
    this.press = { id: event.pointerId, start, last: start, mark, isTaken, isDrag: false };
  }

  move(event: PointerEvent): void {
    const { press } = this;
    if (press?.id !== event.pointerId) return;
    const place = placeIn(this.element, event);
    const distance = Math.hypot(place.left - press.start.left, place.top - press.start.top);
    press.isDrag ||= distance > TREMBLE;
    if (!press.isDrag) return;
    if (press.isTaken) this.handlers.drag(press.start, place, press.mark);
    else this.handlers.pan({ left: place.left - press.last.left, top: place.top - press.last.top });
    press.last = place;
  }

  up(event: PointerEvent): void {
    const { press } = this;
    if (press?.id !== event.pointerId) return;
    this.press = null;
    const place = placeIn(this.element, event);
    if (!press.isDrag) this.handlers.click(press.start, press.mark, event);
    else if (press.isTaken) this.handlers.drop(press.start, place, press.mark);
  }

  cancel(): void {
    this.press = null;
    this.handlers.cancel();
  }
}
