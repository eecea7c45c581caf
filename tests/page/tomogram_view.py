"""The three views of a tomogram in the page, by voxels."""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Locator, Page

Plane = Literal["xy", "xz", "yz"]

# Which axes run to the right and down on the screen.
SHOWN: dict[Plane, tuple[str, str]] = {"xy": ("x", "y"), "xz": ("x", "z"), "yz": ("z", "y")}


@dataclass(frozen=True)
class Voxel:
    """A place in a tomogram, voxels."""

    x: float
    y: float
    z: float


class TomogramView:
    """What a person sees and does in the views.

    Parameters
    ----------
    page
        That shows a tomogram.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def view(self, plane: Plane) -> Locator:
        """Return one of the views."""
        return self.page.get_by_test_id(f"slice-{plane}")

    def wait(self) -> None:
        """Wait until all three show the slices that they should."""
        for plane in SHOWN:
            self.page.wait_for_selector(f'[data-testid="slice-{plane}"][data-loaded="true"]')

    def slice(self, plane: Plane) -> int:
        """Return the number of the slice in a view."""
        return int(self.view(plane).get_attribute("data-slice") or -1)

    def place_of(self, plane: Plane, voxel: Voxel) -> tuple[float, float]:
        """Return where a voxel is in the window, CSS pixels."""
        view = self.view(plane)
        box = view.bounding_box()
        if box is None:
            raise AssertionError(f"the view {plane} is not to be seen")
        zoom = float(view.get_attribute("data-zoom") or "nan")
        right, down = (getattr(voxel, axis) for axis in SHOWN[plane])
        left = box["x"] + float(view.get_attribute("data-left") or "nan") + right * zoom
        top = box["y"] + float(view.get_attribute("data-top") or "nan") + down * zoom
        return left, top

    def click(
        self, plane: Plane, voxel: Voxel, *, button: Literal["left", "right"] = "left"
    ) -> None:
        """Click a voxel; which slice it is in is the view's."""
        left, top = self.place_of(plane, voxel)
        self.page.mouse.click(left, top, button=button)

    def drag(self, plane: Plane, start: Voxel, end: Voxel) -> None:
        """Drag from one voxel to another."""
        self.page.mouse.move(*self.place_of(plane, start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place_of(plane, end), steps=5)
        self.page.mouse.up()
