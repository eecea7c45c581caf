"""One job of picking tomograms: a detector, options and tomograms put together."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nunatak import __version__
from nunatak.detection.finished import Finished
from nunatak.detection.journal import Journal
from nunatak.detection.parallel import Stopwatch
from nunatak.detection.preparation import REFUSED_BELOW_PX
from nunatak.detection.result import Failure
from nunatak.detection.volumes import working_tomogram
from nunatak.detection.volumes.volume_candidates import CROSS_CLASS, find_in_tomogram
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.detection.volumes.volume_options import VolumePickOptions
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.working_tomogram import WorkingTomogram
from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.images.stable import FileState, file_state, unreadable
from nunatak.images.tomogram import Tomogram
from nunatak.images.tomogram_reader import read_tomogram


@dataclass(frozen=True)
class VolumeJob:
    """What to pick, with what, and how.

    Attributes
    ----------
    model : VolumeModel
        The model.
    options : VolumePickOptions
        Resolved.
    entries : mapping of str to ListedMicrograph
        The tomograms by name, in order.
    scorer : VolumeScorer
        The model's network on its device.
    """

    model: VolumeModel
    options: VolumePickOptions
    entries: Mapping[str, ListedMicrograph]
    scorer: VolumeScorer

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that decides which candidates there are, except the tomograms."""
        return {
            "version": __version__,
            "volume_preparation": working_tomogram.VERSION,
            "cross_class": CROSS_CLASS,
            "model_sha256": self.model.sha256,
            **self.options.deciding(),
        }

    def unfinished(self, journal: Journal | None) -> list[str]:
        """Return the tomograms that an earlier run did not finish, or that changed since."""
        if journal is None:
            return list(self.entries)
        return [name for name in self.entries if not self._is_finished(name, journal)]

    def picked(self, image: str, stopwatch: Stopwatch) -> Finished | Failure:
        """Pick one tomogram; what is wrong with one file must not end a long run.

        Raises
        ------
        NunatakError
            If the reason is not the file: memory of the device, or an option that fits no file.
        """
        try:
            return self._picked(image, stopwatch)
        except BadInput as error:
            return Failure(image, str(error))
        except MemoryError:
            return Failure(image, f"{image}: not enough memory for this tomogram")
        except OSError as error:
            return Failure(image, str(unreadable(self.entries[image].path, error)))

    def _picked(self, image: str, stopwatch: Stopwatch) -> Finished:
        path = self.entries[image].path
        state = tomogram_state(path)
        with stopwatch.measure("opening"):
            tomogram = self._opened(image)
            working = WorkingTomogram.of(
                tomogram,
                voxel_size_A=self.model.header.voxel_size_A,
                inverted=self.options.contrast != self.model.header.contrast,
            )
        with stopwatch.measure("network"):
            candidates = find_in_tomogram(working, self.scorer, self.model.header)
        return Finished(
            image=image,
            state=state,
            shape=tomogram.shape,
            pixel_size_A=tomogram.voxel_size_A,
            candidates=candidates,
            notes=tomogram.info.notes,
        )

    def _opened(self, image: str) -> Tomogram:
        entry, options = self.entries[image], self.options
        # The first level, whatever the model's voxel size: how a program made the other levels,
        # and by which shift, is often not stated.
        tomogram = read_tomogram(
            entry.path,
            voxel_size_A=options.voxel_size_A,
            listed_voxel_size_A=entry.pixel_size_A,
            override=options.override_voxel_size,
            axis_order=options.axis_order,
        )
        largest_A = max(kind.diameter_A for kind in self.model.header.classes)
        size_A = tomogram.voxel_size_A
        if largest_A / size_A < REFUSED_BELOW_PX:
            is_given = options.diameter_A is not None
            particle = "a particle" if is_given else "the model's largest particle,"
            raise BadInput(
                f"{entry.path}: {particle} of {largest_A:g} Å spans {largest_A / size_A:.2g} "
                f"voxels of {size_A:g} Å, too few to be seen. Check the voxel size (--pixel-size, "
                f"in Å) and the {'diameter (--diameter)' if is_given else 'model'}."
            )
        return tomogram

    def _is_finished(self, name: str, journal: Journal) -> bool:
        earlier = journal.finished.get(name)
        try:
            return earlier is not None and earlier.state == tomogram_state(self.entries[name].path)
        except BadInput:
            return False  # it will fail again, and be reported


def tomogram_state(path: Path) -> FileState:
    """Return what tells one version of a tomogram from the next.

    Parameters
    ----------
    path
        A file, or the folder of an OME-Zarr: of that all files together, by their number of
        bytes and the latest change.

    Raises
    ------
    BadInput
        If it is not there or cannot be reached.
    """
    if not path.is_dir():
        return file_state(path)
    try:
        found = [
            (Path(folder) / name).stat() for folder, _, names in os.walk(path) for name in names
        ]
    except OSError as error:
        raise unreadable(path, error) from error
    return FileState(
        sum(status.st_size for status in found),
        max((status.st_mtime_ns for status in found), default=0),
    )
