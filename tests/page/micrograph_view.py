"""A micrograph in the page, by its pixels."""

from playwright.sync_api import Page

READY = '[data-testid="canvas"][data-ready="true"]'


class MicrographView:
    """What a person sees and does in the view of a micrograph.

    Parameters
    ----------
    page
        That shows a micrograph.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def wait(self) -> None:
        """Wait until the picture is drawn."""
        self.page.wait_for_selector(READY)

    def open(self, image: int, name: str) -> None:
        """Choose an image in the queue."""
        self.page.get_by_test_id(f"queue-item-{image}").click()
        self.page.wait_for_function(
            "name => document.querySelector('[data-testid=image-name]').textContent.includes(name)",
            arg=name,
        )
        self.wait()

    def place_of(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Return where a pixel of the image is in the window, CSS pixels."""
        canvas = self.page.get_by_test_id("canvas")
        box = canvas.bounding_box()
        if box is None:
            raise AssertionError("the micrograph is not to be seen")
        left, top, zoom = (
            float(canvas.get_attribute(f"data-{name}") or "nan") for name in ("left", "top", "zoom")
        )
        return box["x"] + left + x_px * zoom, box["y"] + top + y_px * zoom

    def click(self, x_px: float, y_px: float) -> None:
        """Click a pixel."""
        self.page.mouse.click(*self.place_of(x_px, y_px))

    def drag(self, start_px: tuple[float, float], end_px: tuple[float, float]) -> None:
        """Drag from one pixel to another."""
        self.page.mouse.move(*self.place_of(*start_px))
        self.page.mouse.down()
        self.page.mouse.move(*self.place_of(*end_px), steps=5)
        self.page.mouse.up()
