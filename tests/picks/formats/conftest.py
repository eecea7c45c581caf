"""Pick sets to write and read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.formats import FormatContext, ImageCatalogue
from nunatak.picks.table import ANGLE_COLUMNS, PickSet
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts

SHAPES = {"grid1/mic_001.mrc": (41, 97), "grid1/mic_002.mrc": (383, 512)}
"""Odd, even, and never square."""


@pytest.fixture
def images() -> ImageCatalogue:
    return ImageCatalogue(SHAPES, pixel_size_A=1.25)


@pytest.fixture
def picks(rng: np.random.Generator) -> PickSet:
    """Picks at quarter pixels with scores."""
    rows = [
        (image, rng.integers(0, 4 * nx) / 4, rng.integers(0, 4 * ny) / 4)
        for image, (ny, nx) in SHAPES.items()
        for _ in range(7)
    ]
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px"])
    return PickSet(table.assign(score=rng.normal(size=len(table))))


VOLUME_SHAPES = {"rec/TS_01.mrc": (61, 383, 127), "rec/TS_02.mrc": (95, 64, 511)}
"""Odd and even, and no two sides alike."""


@pytest.fixture
def volume_picks(rng: np.random.Generator) -> PickSet:
    """Picks in tomograms with scores and orientations."""
    rows = [
        (image, *(rng.integers(0, 4 * side) / 4 for side in reversed(shape)))
        for image, shape in VOLUME_SHAPES.items()
        for _ in range(7)
    ]
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px"])
    table[list(ANGLE_COLUMNS)] = rng.uniform(1, 179, (len(table), 3))
    return PickSet(table.assign(score=rng.normal(size=len(table)), class_name="ribosome"))


@pytest.fixture
def context() -> FormatContext:
    """Everything that a file may leave unsaid, of micrographs and of tomograms."""
    return FormatContext(
        images=ImageCatalogue({**SHAPES, **VOLUME_SHAPES}, pixel_size_A=1.25),
        box_px=10,
        tomograms=TomogramFacts(
            tilt_series={
                "TS_01": TiltSeries((508, 1532, 244), 0.3125, 4.0),
                "TS_02": TiltSeries((2044, 256, 380), 0.3125, 4.0),
            },
            numbers={1: "rec/TS_01.mrc", 2: "rec/TS_02.mrc"},
        ),
    )


@pytest.fixture
def star(tmp_path: Path) -> Path:
    """A RELION 3.1 file with optics groups and columns that nunatak does not know."""
    path = tmp_path / "particles.star"
    path.write_text(
        "\n# version 30001\n\ndata_optics\n\nloop_ \n"
        "_rlnOpticsGroupName #1 \n_rlnOpticsGroup #2 \n_rlnMicrographPixelSize #3 \n"
        "_rlnVoltage #4 \n"
        "opticsGroup1            1     0.885000   300.000000 \n"
        "opticsGroup2            2     1.060000   200.000000 \n \n"
        "\n# version 30001\n\ndata_particles\n\nloop_ \n"
        "_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n_rlnAutopickFigureOfMerit #3 \n"
        "_rlnMicrographName #4 \n_rlnOpticsGroup #5 \n_rlnHelicalTubeID #6 \n"
        "  614.000000  3012.500000     0.412000 MotionCorr/job002/mic_001.mrc  1  007 \n"
        "  812.000000    12.000000    -0.071000 MotionCorr/job002/mic_002.mrc  2  008 \n \n"
    )
    return path
