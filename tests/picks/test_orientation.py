"""The images tell how the picks lie."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from nunatak import geometry
from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.images.micrograph import ImageInfo, Micrograph
from nunatak.images.reader import read_micrograph
from nunatak.picks.formats import read_picks
from nunatak.picks.orientation import contrast_map, score_orientations
from nunatak.picks.table import PickSet

DIAMETER_PX = 24.0


def micrograph(path: str, pixels: np.ndarray, pixel_size_A: float | None = 2.0) -> Micrograph:
    info = ImageInfo(Path(path), "MRC", pixels.shape, pixels.dtype, pixel_size_A, "micrograph")
    return Micrograph(info, pixels, None, pixel_size_A)


def scene(
    shape: tuple[int, int], rng: np.random.Generator, n: int = 30
) -> tuple[np.ndarray, np.ndarray]:
    """Return dark particles in noise, brighter on one side, and where they are."""
    ny, nx = shape
    xy = rng.uniform([20, 20], [nx - 20, ny - 20], (n, 2))
    particles = np.zeros(shape)
    particles[np.rint(xy[:, 1]).astype(int), np.rint(xy[:, 0]).astype(int)] = -1
    particles = ndimage.gaussian_filter(particles, DIAMETER_PX / 4)
    gradient = np.linspace(0, 3, nx)
    noise = rng.normal(0, 2.0, shape)
    return (particles / -particles.min() + noise + gradient).astype(np.float32), xy


def scenes(
    shape: tuple[int, int], rng: np.random.Generator, n_images: int
) -> tuple[PickSet, list[Micrograph]]:
    tables, images = [], []
    for number in range(n_images):
        pixels, xy = scene(shape, rng)
        name = f"m/{number}.mrc"
        images.append(micrograph(name, pixels))
        tables.append(pd.DataFrame({"image": name, "x_px": xy[:, 0], "y_px": xy[:, 1]}))
    return PickSet(pd.concat(tables)), images


def moved(picks: PickSet, shape: tuple[int, int], orientation: Orientation) -> PickSet:
    x, y = geometry.oriented(picks.table["x_px"], picks.table["y_px"], shape, orientation)
    return PickSet(picks.table.assign(x_px=x, y_px=y))


@pytest.mark.parametrize("orientation", Orientation)
def test_each_orientation_is_found(orientation: Orientation, rng: np.random.Generator) -> None:
    shape = (300, 300) if orientation is Orientation.TRANSPOSE else (243, 401)
    picks, images = scenes(shape, rng, n_images=3)
    report = score_orientations(moved(picks, shape, orientation), images, diameter_px=DIAMETER_PX)
    assert report.best is orientation
    assert report.scores[0].contrast < -0.3
    assert (report.n_picks, report.n_images, report.unmatched) == (90, 3, {})
    assert (Orientation.TRANSPOSE in {s.orientation for s in report.scores}) == (
        shape[0] == shape[1]
    )


def test_bright_particles_do_as_well(rng: np.random.Generator) -> None:
    picks, images = scenes((243, 401), rng, n_images=2)
    inverted = [micrograph(str(image.info.path), -image.pixels) for image in images]
    report = score_orientations(picks, inverted, diameter_A=48.0)
    assert report.best is Orientation.IDENTITY
    assert report.scores[0].contrast > 0.3
    assert str(report).endswith("60 picks on 2 images. The picks fit the images as they are.")


def test_random_picks_fit_nothing(rng: np.random.Generator) -> None:
    _, images = scenes((243, 401), rng, n_images=5)
    tables = [
        pd.DataFrame(
            {
                "image": f"m/{number}.mrc",
                "x_px": rng.uniform(0, 401, 30),
                "y_px": rng.uniform(0, 243, 30),
            }
        )
        for number in range(5)
    ]
    report = score_orientations(PickSet(pd.concat(tables)), images, diameter_px=DIAMETER_PX)
    assert report.best is None
    assert "No orientation clearly fits" in str(report)


def test_false_alarms_are_rare(rng: np.random.Generator) -> None:
    alarms = 0
    pixels, _ = scene((200, 200), rng)
    for _ in range(40):
        table = pd.DataFrame(rng.uniform(0, 200, (40, 2)), columns=["x_px", "y_px"])
        picks = PickSet(table.assign(image="a.mrc"))
        report = score_orientations(picks, [micrograph("a.mrc", pixels)], diameter_px=20)
        alarms += report.best is not None
    assert alarms <= 1


def test_the_contrast_has_the_scale_of_chance(rng: np.random.Generator) -> None:
    pixels, _ = scene((405, 300), rng)
    contrast, binning = contrast_map(pixels, 40.0)
    assert binning == 4
    assert contrast.shape == (101, 75)
    assert float(contrast.mean()) == pytest.approx(0, abs=1e-5)
    assert float(contrast.std()) == pytest.approx(1, abs=1e-4)


def test_a_gold_bead_does_not_decide(rng: np.random.Generator) -> None:
    picks, images = scenes((243, 401), rng, n_images=1)
    yy, xx = np.mgrid[:243, :401]
    # One mirrored pick falls on something a hundred times darker than a particle.
    x, y = picks.table["x_px"].iloc[0], picks.table["y_px"].iloc[0]
    images[0].pixels[(xx - x) ** 2 + (yy - (242 - y)) ** 2 < 100] = -100
    report = score_orientations(picks, images, diameter_px=DIAMETER_PX)
    assert report.best is Orientation.IDENTITY


def test_what_does_not_fit_together_is_refused(rng: np.random.Generator) -> None:
    picks, images = scenes((243, 401), rng, n_images=1)
    with pytest.raises(UsageError, match="diameter is needed"):
        score_orientations(picks, images)
    with pytest.raises(UsageError, match="positive"):
        score_orientations(picks, images, diameter_px=0)
    with pytest.raises(UsageError, match="has no pixel size"):
        score_orientations(picks, [micrograph("m/0.mrc", images[0].pixels, None)], diameter_A=100)
    with pytest.raises(BadInput, match="Only 0 picks lie on the given images"):
        score_orientations(picks, [micrograph("m/9.mrc", images[0].pixels)], diameter_px=20)
    twice = [*images, micrograph("n/0.mrc", images[0].pixels)]
    with pytest.raises(Mismatch, match="a second image that fits the picks of m/0"):
        score_orientations(picks, twice, diameter_px=9)


def test_images_that_were_not_given_are_listed(rng: np.random.Generator) -> None:
    picks, images = scenes((243, 401), rng, n_images=2)
    report = score_orientations(picks, images[:1], diameter_px=DIAMETER_PX)
    assert report.unmatched == {"m/1.mrc": "not among the images given"}


REAL = [("empiar10146", 122.0, 1.5), ("empiar10028", 300.0, 5.36)]


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "diameter_A", "pixel_size_A"), REAL)
@pytest.mark.parametrize("orientation", [Orientation.IDENTITY, Orientation.FLIP_Y])
def test_real_labels(
    name: str,
    diameter_A: float,
    pixel_size_A: float,
    orientation: Orientation,
    shared_data: Path,
) -> None:
    paths = sorted((shared_data / name / "micrographs").glob("*.mrc"))[:6]

    def images() -> Iterator[Micrograph]:
        for path in paths:
            yield read_micrograph(path, pixel_size_A=pixel_size_A, override=True)

    picks = read_picks(shared_data / name / "particles.star")
    shape = next(images()).shape
    report = score_orientations(moved(picks, shape, orientation), images(), diameter_A=diameter_A)
    assert report.best is orientation
    assert report.scores[0].z > 10
