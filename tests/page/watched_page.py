"""A browser page that notes whatever a user's browser should never have to complain about."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from label_server import LabelServer
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect


class WatchedPage:
    """A page of one server.

    Parameters
    ----------
    context
        The browser's, with its cookies and storage.
    server
        The page may ask nobody else.
    """

    def __init__(self, context: BrowserContext, server: LabelServer) -> None:
        self.page: Page = context.new_page()
        self.server = server
        self.complaints: list[str] = []
        # Software rendering says that reading its pixels, for a screenshot, is slow.
        self._expected = [re.compile("GPU stall due to ReadPixels")]
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._note(f"exception: {error}"))
        self.page.on("request", self._on_request)

    def expect(self, pattern: str) -> None:
        """Take complaints that match for granted from now on."""
        self._expected.append(re.compile(pattern))

    def check(self) -> None:
        """Raise if the browser complained of anything, or another server was asked."""
        if self.complaints:
            raise AssertionError("the browser complained:\n" + "\n".join(self.complaints))

    def api(self, path: str) -> Any:
        """Ask the server, with the page's cookie."""
        answer = self.page.request.get(f"{self.server.origin}/api/{path}")
        if not answer.ok:
            raise AssertionError(f"{path}: {answer.status} {answer.text()}")
        return answer.json()

    def labels(self, image: int) -> list[dict[str, Any]]:
        """Return the points on an image that the server has, once the page calls them saved."""
        self.wait_until_saved()
        points: list[dict[str, Any]] = self.api(f"images/{image}/labels")["points"]
        return points

    def wait_until_saved(self) -> None:
        """Wait until the page says that everything is saved."""
        state = self.page.get_by_test_id("save-state")
        expect(state).to_have_attribute("data-kind", "saved")

    def wait_for(self, condition: Callable[[], object], *, at_most_ms: int = 30_000) -> None:
        """Wait until something is so at the server, or fail; the page goes on meanwhile."""
        ends = time.monotonic() + at_most_ms / 1000
        while not condition():
            assert time.monotonic() < ends, "it did not come so in time"
            self.page.wait_for_timeout(200)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Violations of the content security policy are errors in the console, too.
        if message.type in {"error", "warning"}:
            self._note(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and not request.url.startswith(
            f"{self.server.origin}/"
        ):
            self._note(f"request to another server: {request.url}")

    def _note(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self._expected):
            self.complaints.append(text)


Open = Callable[..., WatchedPage]
"""Opens the address of a server, in a browser of its own or in the one given."""

Launch = Callable[..., Browser]
"""Starts a Chromium with further words of its command."""

TakePicture = Callable[[WatchedPage, str], None]
"""Keeps what a page shows under a name."""
