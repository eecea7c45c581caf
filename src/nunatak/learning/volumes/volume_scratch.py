"""Working volumes on disk: a training draws from more tomograms than memory would hold."""

import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import ResourceError


class Voxels(Protocol):
    """What a working volume is read from: an array, or a file that reads as one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(nz, ny, nx)``."""

    @property
    def size(self) -> int:
        """Number of voxels."""

    def __getitem__(self, part: Any, /) -> Any:
        """Return some of them, float16, by slices along z, y and x."""


@dataclass(frozen=True)
class ScratchVoxels:
    """One working volume in a scratch file.

    The file is mapped anew for each part, so that the memory in use, the address space and the
    files that are open stay the same however many volumes there are. The system keeps in memory
    what fits there.

    Attributes
    ----------
    file
        Open as long as its `VolumeScratch` is.
    offset : int
        Of the first voxel in it, bytes.
    shape : tuple of int
        ``(nz, ny, nx)``.
    """

    file: IO[bytes]
    offset: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of voxels."""
        nz, ny, nx = self.shape
        return nz * ny * nx

    def __getitem__(self, part: Any, /) -> NDArray[np.float16]:
        """Return a copy of some voxels, by slices along z, y and x."""
        mapped = np.memmap(self.file, np.float16, "r", self.offset, self.shape)
        return np.array(mapped[part])


class VolumeScratch:
    """Keeps working volumes in a nameless file; use as a context manager.

    The file has no name in its folder, so that whatever ends the process frees its space. It is
    made with the first volume.

    Parameters
    ----------
    folder
        Where there is room: each voxel takes two bytes. It is made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._n_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            # What could not be written is wanted no more.
            with suppress(OSError):
                self._file.close()

    def kept(
        self, shape: tuple[int, int, int], slabs: Iterable[NDArray[np.float16]]
    ) -> ScratchVoxels:
        """Write a volume and return it for reading.

        Parameters
        ----------
        shape
            ``(nz, ny, nx)``.
        slabs : iterable of ndarray, shape (planes, ny, nx), float16
            All of it, from the first plane to the last.

        Raises
        ------
        ResourceError
            If it cannot be written.
        """
        start = self._n_bytes
        for slab in slabs:
            self._write(slab)
        return ScratchVoxels(self._opened(), start, shape)

    def _write(self, slab: NDArray[np.float16]) -> None:
        # Written and not mapped: a full disk is an error that can be told, and no signal.
        try:
            self._opened().write(np.ascontiguousarray(slab).data)
            self._opened().flush()
        except OSError as error:
            raise ResourceError(
                f"{self._folder}: cannot keep the tomograms there while they are learned from "
                f"({error.strerror or error}; {(self._n_bytes + slab.nbytes) / 1e9:.1f} GB were "
                "needed so far). Free some space, let the model be written to another disk, or "
                "give fewer tomograms."
            ) from error
        self._n_bytes += slab.nbytes

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder, prefix=".nunatak-")  # noqa: SIM115
        return self._file
