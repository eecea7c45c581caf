"""Images with circles on them, as the templates are given them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CIRCLES_DRAWN = 1500
"""Circles of one kind that are drawn on an image at most."""


@dataclass(frozen=True)
class Circle:
    """A place on an image; positions in pixels from the image's outer edge (SVG)."""

    x: float
    y: float
    radius: float
    label: str


@dataclass(frozen=True)
class Layer:
    """Circles of one kind; ``kind`` is their CSS class, ``label`` what they are."""

    kind: str
    label: str
    circles: tuple[Circle, ...]


@dataclass(frozen=True)
class View:
    """An image with its layers, the uppermost first.

    Attributes
    ----------
    caption : str
        What is seen; empty where that goes without saying.
    picture : str
        Data URI.
    shape : tuple of int
        ``(rows, columns)`` in pixels that circles count in.
    layers : tuple of Layer
    """

    caption: str
    picture: str
    shape: tuple[int, int]
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Panel:
    """A micrograph or a tomogram with its circles.

    Attributes
    ----------
    key : str
        Tells the panel from the others of the page.
    title, label, counts : str
        Heading (may be empty), name of the image, and what is on it.
    views : tuple of View
        Empty where it cannot be shown.
    problem : str
        Why it cannot.
    """

    key: str
    title: str
    label: str
    counts: str
    views: tuple[View, ...]
    problem: str = ""

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """Kind and label of the layers with circles in any of the views, the uppermost first."""
        layers = [layer for view in self.views for layer in view.layers]
        seen = {layer.kind for layer in layers if layer.circles}
        return tuple(
            dict.fromkeys((layer.kind, layer.label) for layer in layers if layer.kind in seen)
        )


def circles(
    x_px: Iterable[float],
    y_px: Iterable[float],
    radius_px: Iterable[float],
    labels: Sequence[str],
) -> tuple[Circle, ...]:
    """Make circles around positions, `CIRCLES_DRAWN` of them at most.

    Parameters
    ----------
    x_px, y_px
        Positions, pixels of the image, 0 = centre of the first pixel.
    radius_px
        Of each circle, pixels.
    labels
        What is said of each.
    """
    # An SVG counts from the outer edge of the first pixel, half a pixel before its centre.
    return tuple(
        Circle(round(float(x) + 0.5, 1), round(float(y) + 0.5, 1), round(float(radius), 1), label)
        for x, y, radius, label in zip(x_px, y_px, radius_px, labels[:CIRCLES_DRAWN], strict=False)
    )


def score_text(score: float) -> str:
    """Write a score; nothing for one that is not known."""
    return "" if score != score else f"{score:.3f}".replace("-", "−")  # noqa: PLR0124 - NaN
