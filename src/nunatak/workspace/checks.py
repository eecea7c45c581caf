"""Whether an edit fits its image: positions inside, z where there is one, classes that exist."""

from collections.abc import Sequence

from nunatak.errors import BadInput
from nunatak.workspace.base import FARTHEST_PX
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.marks import Operation, Point, PutPoint, PutRegion, Region
from nunatak.workspace.project import Settings

EDGE_TOLERANCE_PX = 1e-3


def check_operations(
    operations: Sequence[Operation], image: ImageRecord, settings: Settings
) -> None:
    """Refuse operations that do not fit.

    Raises
    ------
    BadInput
        Naming the first point or region that does not fit, and why.
    """
    classes = {one.name for one in settings.classes}
    for operation in operations:
        if isinstance(operation, PutPoint):
            _check_point(operation.point, image, settings.ndim, classes)
        elif isinstance(operation, PutRegion):
            _check_region(operation.region, settings.ndim)


def is_inside(image: ImageRecord, position: Sequence[float]) -> bool:
    """Tell whether ``(x, y[, z])`` lies on an image, its outer edge included.

    Before the image's size is known, only what lies before its first pixels is outside, and what
    no image reaches.
    """
    if min(position) < -0.5 - EDGE_TOLERANCE_PX:
        return False
    if image.shape is None:
        return max(position) <= FARTHEST_PX
    sizes = image.shape[::-1]
    return all(
        value <= size - 0.5 + EDGE_TOLERANCE_PX for value, size in zip(position, sizes, strict=True)
    )


def _check_point(point: Point, image: ImageRecord, ndim: int, classes: set[str]) -> None:
    _check_z(point.z is not None, ndim, f"The point {point.id}")
    position = [point.x, point.y] if point.z is None else [point.x, point.y, point.z]
    if not is_inside(image, position):
        size = "" if image.shape is None else f" of {' × '.join(map(str, image.shape[::-1]))}"
        where = ", ".join(f"{value:.6g}" for value in position)
        raise BadInput(
            f"The point {point.id} at {where} lies outside {image.name}{size} pixels. Place it on "
            "the image."
        )
    if point.kind == "particle" and point.class_name not in classes:
        raise BadInput(
            f"The point {point.id} is of the kind {point.class_name}, which this project does not "
            f"have ({', '.join(sorted(classes))}). Add that kind to the project first."
        )


def _check_region(region: Region, ndim: int) -> None:
    _check_z(region.z_low is not None, ndim, f"The region {region.id}")
    _check_z(region.z_high is not None, ndim, f"The region {region.id}")
    if region.z_low is not None and region.z_high is not None and region.z_low > region.z_high:
        raise BadInput(
            f"The region {region.id} reaches from slice {region.z_low:.6g} to {region.z_high:.6g}. "
            "Give the lower one first."
        )


def _check_z(has_z: bool, ndim: int, what: str) -> None:
    if has_z and ndim == 2:
        raise BadInput(f"{what} has a z, but the images are micrographs. Leave z out.")
    if not has_z and ndim == 3:
        raise BadInput(f"{what} has no z, but the images are tomograms. Say on which slice it is.")
