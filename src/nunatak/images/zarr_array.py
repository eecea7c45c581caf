"""One Zarr array on disk, version 2 or 3, of which boxes are read."""

import lzma
import os
import re
import zlib
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from pathlib import Path
from typing import Any, cast

import numpy as np

from nunatak.errors import FormatError
from nunatak.images.blosc_header import blosc_problem
from nunatak.images.source import Pixels
from nunatak.images.stable import unreadable
from nunatak.images.zarr_metadata import (
    V2_ARRAY,
    V3_NAME,
    check_sizes,
    check_type_and_codecs,
    codec_names,
    read_metadata,
)

_LARGEST_VOXEL_BYTES = 8  # also between filters, whatever the type of the array
_CHUNK_NAME = re.compile(r"(c\.)?\d+(\.\d+)*")
_DECODER_ERRORS = (
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True)
class ZarrArray:
    """An array whose metadata were checked.

    Attributes
    ----------
    path : Path
        Its folder.
    zarr_format : int
        2 or 3.
    shape, chunks : tuple of int
        In stored axis order; a chunk is what lies in one file.
    dtype : dtype
        As stored.
    codecs : tuple of str
        What chunks are encoded with.
    fill_value : float
        What missing chunks hold.
    """

    path: Path
    zarr_format: int
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[np.generic]
    codecs: tuple[str, ...]
    fill_value: float
    _array: Any

    def read(self, box: tuple[slice | int, ...]) -> Pixels:
        """Read a part, in stored axis order.

        Parameters
        ----------
        box
            For each axis a slice with start and stop, or index 0, which drops the axis.

        Raises
        ------
        FormatError
            If a chunk is damaged or cut short.
        BadInput
            If a chunk cannot be read.
        """
        try:
            self._check_blosc(box)
            return cast("Pixels", np.asarray(self._array[box]))
        except _DECODER_ERRORS as error:
            raise self._damaged(error) from error
        except OSError as error:
            # gzip and bzip2 report damage as an OSError without a number.
            if error.errno is not None:
                raise unreadable(self.path, error) from error
            raise self._damaged(error) from error

    def missing_chunks(self) -> tuple[int, int]:
        """Count the chunks without a file, and all chunks, by listing the folder."""
        sides = zip(self.shape, self.chunks, strict=True)
        expected = prod(ceil(side / chunk) for side, chunk in sides)
        stored = sum(
            bool(_CHUNK_NAME.fullmatch(name))
            for _, _, names in os.walk(self.path)
            for name in names
        )
        return max(0, expected - stored), expected

    def _check_blosc(self, box: tuple[slice | int, ...]) -> None:
        # A shard's index has a checksum, which a shard that was cut does not pass.
        if self.codecs[-1:] != ("blosc",) or "sharding_indexed" in self.codecs:
            return
        most_bytes = prod(self.chunks) * _LARGEST_VOXEL_BYTES
        touched = [
            range(0, 1)
            if isinstance(part, int)
            else range(part.start // chunk, (part.stop - 1) // chunk + 1)
            for part, chunk in zip(box, self.chunks, strict=True)
        ]
        for indices in product(*touched):
            name = self._array.metadata.encode_chunk_key(indices)
            problem = blosc_problem(self.path / name, most_bytes)
            if problem is not None:
                raise self._damaged(ValueError(f"{name}: {problem}"))

    def _damaged(self, error: Exception) -> FormatError:
        return FormatError(
            self.path,
            f"a chunk is damaged or cut short ({error or type(error).__name__})",
            hint="Copy or export the tomogram again.",
        )


def open_zarr_array(path: Path) -> ZarrArray:
    """Open an array.

    Raises
    ------
    FormatError
        If there is no array, or one of a type, codec or size that nunatak does not read.
    BadInput
        If it cannot be read.
    """
    version = 3 if (path / V3_NAME).is_file() else 2
    file = path / (V3_NAME if version == 3 else V2_ARRAY)
    metadata = read_metadata(file)
    check_type_and_codecs(metadata, version, file)
    array = _opened(path, version, file)
    shape, chunks = tuple(array.shape), tuple(array.shards or array.chunks)
    check_sizes(shape, tuple(array.chunks), array.dtype, file)
    codecs, fill_value = codec_names(metadata, version), float(array.fill_value or 0)
    return ZarrArray(path, version, shape, chunks, array.dtype, codecs, fill_value, array)


def _opened(path: Path, version: int, file: Path) -> Any:
    # It takes a third of a second to load, and most commands read no Zarr.
    import zarr  # noqa: PLC0415

    try:
        return zarr.open_array(store=str(path), mode="r", zarr_format=version)  # type: ignore[arg-type]
    except _DECODER_ERRORS as error:
        raise FormatError(
            file, f"no valid array ({error})", hint="It is damaged: copy or export it again."
        ) from error
    except OSError as error:
        raise unreadable(file, error) from error
