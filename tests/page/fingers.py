"""Fingers on a screen that is touched."""

from playwright.sync_api import BrowserContext, Page

Finger = tuple[float, float]
STEPS = 6


class Fingers:
    """One or two fingers, where they are in CSS pixels.

    Parameters
    ----------
    context
        Of Chromium, with touch.
    page
        In it.
    """

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self._page = page
        self._session = context.new_cdp_session(page)

    def tap(self, place: Finger) -> None:
        """Touch and let go."""
        self._page.touchscreen.tap(*place)

    def move(self, *ways: tuple[Finger, Finger]) -> None:
        """Put down a finger at the beginning of each way, move them together, and lift them."""
        self._send("touchStart", [start for start, _ in ways])
        for step in range(1, STEPS + 1):
            share = step / STEPS
            places = [
                (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
                for start, end in ways
            ]
            self._send("touchMove", places)
        self._send("touchEnd", [])

    def _send(self, kind: str, places: list[Finger]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
