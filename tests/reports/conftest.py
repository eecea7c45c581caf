"""Take a page apart."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

VOID = frozenset({"meta", "input", "img", "link", "br"})


class _Elements(HTMLParser):
    """All elements of a page; those that are closed out of order are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _check(text: str) -> None:
    elements = _Elements(text)
    assert elements.open == []
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in elements.found}
    for _, attributes in elements.found:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:image/").startswith("data:image/")
    assert not re.search(r"url\(|@import|https?://", text)


def _circles(text: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    return [
        (kind, re.findall(r'cx="([-\d.]+)" cy="([-\d.]+)" r="([\d.]+)"', inside))
        for kind, inside in re.findall(r'<g class="(\w+)">(.*?)</g>', text, re.DOTALL)
    ]


@pytest.fixture
def check_page() -> Callable[[str], None]:
    """Check that a page is whole, and needs neither scripts nor a network."""
    return _check


@pytest.fixture
def circles_in() -> Callable[[str], list[tuple[str, list[tuple[str, str, str]]]]]:
    """Return the groups of circles of a page as they follow: kind, and x, y, radius of each."""
    return _circles
