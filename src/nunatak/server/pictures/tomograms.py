"""Pictures of tomograms."""

from collections.abc import Iterator
from contextlib import contextmanager

from nunatak.server.bodies.images import Slices
from nunatak.server.pictures.crops import CropSource, SlabSource
from nunatak.server.pictures.greys import USUAL_HIGH, USUAL_LOW, Greys
from nunatak.server.pictures.limits import Gate
from nunatak.server.pictures.slices import Plane, draw_slice, slice_scales
from nunatak.server.pictures.thumbnail import tomogram_thumbnail
from nunatak.server.pictures.volumes import OpenVolume, Volumes
from nunatak.workspace.images import ImageRecord


class TomogramPictures:
    """Draws tomograms.

    Parameters
    ----------
    volumes
        Where their voxels come from.
    gate
        Bounds how many are read at once from their files; copies are quick.
    """

    def __init__(self, volumes: Volumes, gate: Gate) -> None:
        self._volumes = volumes
        self._gate = gate

    def describe(self, record: ImageRecord, version: str) -> Slices:
        """Say how a tomogram is cut into slices."""
        volume = self._volumes.get(record, version).volume
        return Slices(
            version=version,
            shape=list(volume.shape),
            scales=slice_scales(volume.shape),
            usual_low=USUAL_LOW,
            usual_high=USUAL_HIGH,
        )

    def slice(
        self,
        record: ImageRecord,
        version: str,
        plane: Plane,
        index: int,
        *,
        thickness: int,
        size: int,
    ) -> Greys | None:
        """Draw a slice; None where there is none."""
        with self._reading(record, version) as opened:
            return draw_slice(opened, plane, index, thickness=thickness, size=size)

    def thumbnail(self, record: ImageRecord, version: str) -> Greys:
        """Draw a tomogram's middle small."""
        with self._reading(record, version) as opened:
            return tomogram_thumbnail(opened)

    @contextmanager
    def crops(self, record: ImageRecord, version: str) -> Iterator[CropSource]:
        """Yield where parts of a tomogram come from."""
        with self._reading(record, version) as opened:
            yield SlabSource(opened)

    @contextmanager
    def _reading(self, record: ImageRecord, version: str) -> Iterator[OpenVolume]:
        opened = self._volumes.get(record, version)
        if opened.tomogram is None:
            yield opened
            return
        with self._gate.passing():
            yield opened
