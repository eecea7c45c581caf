"""Projects of a few images, and their pictures."""

import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import mrcfile
import numpy as np
import pytest
from PIL import Image

from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.server.pictures import Pictures
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import add_images
from nunatak.workspace.project import ParticleClass, create_project

PIXEL_SIZE_A = 2.0


def _write_mrc(path: Path, pixels: np.ndarray, pixel_size_A: float = PIXEL_SIZE_A) -> Path:
    with mrcfile.new(path, overwrite=True) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pixels that are no numbers
        file.set_data(pixels)
        if pixels.ndim == 3:
            file.set_volume()
        file.voxel_size = pixel_size_A
    return path


@pytest.fixture(scope="session")
def write_mrc() -> Callable[..., Path]:
    """Return what writes a micrograph or a volume."""
    return _write_mrc


@pytest.fixture
def decoded() -> Callable[[bytes], np.ndarray]:
    """Return what decodes a grey JPEG picture."""
    return _decoded


def _decoded(jpeg: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.format == "JPEG"
    assert picture.mode == "L"
    return np.asarray(picture)


class Shown:
    """A project and its pictures."""

    def __init__(self, workspace: Workspace, images: list[int], **options: Any) -> None:
        self.workspace = workspace
        self.images = images
        self.pictures = Pictures(workspace, **options)

    def close(self) -> None:
        """Close both."""
        self.pictures.close()
        self.workspace.close()


@pytest.fixture(scope="session")
def show_in() -> Callable[..., Shown]:
    """Return what makes a project of image files in a folder, and the pictures of them."""

    def shown(folder: Path, *paths: Path, ndim: Literal[2, 3] = 2, **options: Any) -> Shown:
        classes = [ParticleClass(name="particle", diameter_A=40.0)]
        workspace = create_project(folder, ndim=ndim, classes=classes, user="ada")
        listed = [ListedMicrograph(path, str(path), None) for path in paths]
        return Shown(workspace, add_images(workspace, listed), **options)

    return shown


@pytest.fixture
def show(tmp_path: Path, show_in: Callable[..., Shown]) -> Iterator[Callable[..., Shown]]:
    """Return what makes a project of image files, and the pictures of them."""
    made: list[Shown] = []

    def shown(*paths: Path, ndim: Literal[2, 3] = 2, **options: Any) -> Shown:
        made.append(show_in(tmp_path / "project", *paths, ndim=ndim, **options))
        return made[-1]

    yield shown
    for one in made:
        one.close()
