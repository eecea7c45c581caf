/** Presses, clicks, drags and pinches in one view. */

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
  /** Two fingers move apart around a place. */
  readonly zoom: (around: Position, factor: number) => void;
  readonly drag: (from: Position, to: Position, mark: Mark | null) => void;
  readonly drop: (to: Position) => void;
  /** Where the pointer is while nothing is pressed; null where it left. */
  readonly hover: (place: Position | null) => void;
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
  /** Where each finger is; a mouse is one. */
  private readonly fingers = new Map<number, Position>();

  constructor(
    private readonly element: HTMLElement,
    private readonly handlers: Handlers,
  ) {}

  down(event: PointerEvent): void {
    if (event.button > 2) return;
    this.element.setPointerCapture(event.pointerId);
    const start = placeIn(this.element, event);
    this.fingers.set(event.pointerId, start);
    if (this.fingers.size > 1) {
      // Two fingers look; what the first began was not meant.
      if (this.press?.isDrag && this.press.isTaken) this.handlers.cancel();
      this.press = null;
      return;
    }
    const mark = this.handlers.find(start);
    const isTaken = event.button === 0 && this.handlers.takes(mark, event);
    this.press = { id: event.pointerId, start, last: start, mark, isTaken, isDrag: false };
  }

  move(event: PointerEvent): void {
    const place = placeIn(this.element, event);
    const before = this.fingers.get(event.pointerId);
    if (before === undefined) {
      this.handlers.hover(place);
      return;
    }
    if (this.fingers.size === 2) this.pinch(event.pointerId, before, place);
    this.fingers.set(event.pointerId, place);
    const { press } = this;
    if (press?.id !== event.pointerId) return;
    const distance = Math.hypot(place.left - press.start.left, place.top - press.start.top);
    press.isDrag ||= distance > TREMBLE;
    if (!press.isDrag) return;
    if (press.isTaken) this.handlers.drag(press.start, place, press.mark);
    else this.handlers.pan(between(press.last, place));
    press.last = place;
  }

  up(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    const { press } = this;
    if (press?.id !== event.pointerId) return;
    this.press = null;
    const place = placeIn(this.element, event);
    if (!press.isDrag) this.handlers.click(press.start, press.mark, event);
    else if (press.isTaken) this.handlers.drop(place);
  }

  cancel(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    this.press = null;
    this.handlers.cancel();
  }

  /** One of two fingers moved: what lies between them stays between them. */
  private pinch(id: number, before: Position, after: Position): void {
    const other = [...this.fingers].find(([finger]) => finger !== id)?.[1];
    if (!other) return;
    const ratio = apart(after, other) / Math.max(1, apart(before, other));
    const middle = { left: (after.left + other.left) / 2, top: (after.top + other.top) / 2 };
    const by = between(before, after);
    this.handlers.pan({ left: by.left / 2, top: by.top / 2 });
    if (ratio > 0) this.handlers.zoom(middle, ratio);
  }
}

function between(from: Position, to: Position): Position {
  return { left: to.left - from.left, top: to.top - from.top };
}

function apart(first: Position, second: Position): number {
  return Math.hypot(first.left - second.left, first.top - second.top);
}
