import logging
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from nunatak.detection.result import Failure
from nunatak.errors import BadInput
from nunatak.picks.table import PickSet
from nunatak.pruning.crops import CropSpec, cut_crops
from nunatak.pruning.particle_names import has_particle_images, particle_names
from nunatak.pruning.particle_stack import StackCutter
from nunatak.pruning.pick_crops import crops_of_picks

PIXEL_SIZE_A, DIAMETER_A = 3.0, 120.0
"""A particle spans 40 pixels, as in crops."""


@pytest.fixture
def field(rng: np.random.Generator) -> NDArray[np.float32]:
    """Nine dark spots of different shapes in noise."""
    rows, columns = np.indices((360, 360))
    image = rng.normal(0.0, 0.5, (360, 360))
    for n, (x, y) in enumerate(positions()):
        image -= 2.0 * (np.hypot((rows - y) * (1 + n / 10), (columns - x - n / 2)) < 17)
    return image.astype(np.float32)


def positions() -> NDArray[np.float64]:
    x, y = np.meshgrid([70.0, 180.0, 290.0], [70.0, 180.0, 290.0])
    return np.column_stack([x.ravel(), y.ravel()])


def boxes(field: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Cut boxes by RELION's rule: the particle is at the pixel ``side // 2``."""
    corners = positions().astype(int) - side // 2
    return np.stack([field[y : y + side, x : x + side] for x, y in corners])


def write_stack(path: Path, images: NDArray[np.float32], pixel_size_A: float = 0.0) -> Path:
    with mrcfile.new(path) as file:
        file.set_data(images)
        file.set_image_stack()
        file.voxel_size = pixel_size_A
    return path


def relion_picks(names: list[str], source: Path, pixel_size_A: float = PIXEL_SIZE_A) -> PickSet:
    table = pd.DataFrame(
        {"image": "mics/gone.mrc", "x_px": 1.0, "y_px": 2.0, "rlnImageName": names}
    )
    table["rlnOpticsGroup"] = "1"
    optics = pd.DataFrame({"rlnOpticsGroup": ["1"], "rlnImagePixelSize": [str(pixel_size_A)]})
    return PickSet(table, optics=optics, source=source)


def cut(cutter: StackCutter, image: str) -> tuple[list[int], NDArray[np.float32]]:
    parts = list(cutter.cut(image))
    assert all(np.isnan(part.detector_logit).all() for part in parts)
    rows = np.concatenate([part.rows for part in parts])
    return rows.tolist(), np.concatenate([part.crops for part in parts])


@pytest.mark.parametrize("side", [64, 65, 90, 130])
def test_particle_images_give_the_crops_of_the_micrograph(
    tmp_path: Path, field: NDArray[np.float32], side: int
) -> None:
    expected = cut_crops(field, positions(), CropSpec())[:, 0]
    write_stack(tmp_path / "s.mrcs", boxes(field, side))
    picks = relion_picks([f"{n + 1:06d}@s.mrcs" for n in range(9)], tmp_path / "p.star")
    cutter = StackCutter(picks, diameter_A=DIAMETER_A, spec=CropSpec())
    cutter.contrast = "dark"
    rows, crops = cut(cutter, "s.mrcs")
    assert rows == list(range(9))
    np.testing.assert_allclose(crops[:, 0], expected, atol=1e-3)
    assert not crops[:, 1].any()


def test_boxes_of_other_pixels_show_the_same(tmp_path: Path, field: NDArray[np.float32]) -> None:
    expected = cut_crops(field, positions(), CropSpec())[:, 0]
    fine = np.kron(boxes(field, 100), np.ones((2, 2), np.float32))
    write_stack(tmp_path / "s.mrcs", fine, PIXEL_SIZE_A / 2)
    table = pd.DataFrame(
        {"image": "m", "x_px": 0.0, "y_px": 0.0, "blob/path": ">s.mrcs", "blob/idx": range(9)}
    )
    picks = PickSet(table, source=tmp_path / "particles.cs")
    cutter = StackCutter(picks, diameter_A=DIAMETER_A, spec=CropSpec())
    cutter.contrast = "dark"
    _, crops = cut(cutter, "s.mrcs")
    for crop, other in zip(crops[:, 0], expected, strict=True):
        assert np.corrcoef(crop.ravel(), other.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("side", ["dark", "light"])
def test_the_contrast_is_found_out(tmp_path: Path, field: NDArray[np.float32], side: str) -> None:
    images = boxes(field, 80)
    write_stack(tmp_path / "s.mrcs", images if side == "dark" else -images)
    picks = relion_picks([f"{n + 1}@s.mrcs" for n in range(9)], tmp_path / "p.star")
    cutter = StackCutter(picks, diameter_A=DIAMETER_A, spec=CropSpec())
    assert cutter.find_contrast() == side


def test_a_contrast_that_does_not_show_is_that_of_extracted_particles(
    tmp_path: Path, rng: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    write_stack(tmp_path / "s.mrcs", rng.standard_normal((4, 64, 64)).astype(np.float32))
    picks = relion_picks(["1@s.mrcs", "4@s.mrcs", "9@gone.mrcs"], tmp_path / "p.star")
    cutter = StackCutter(picks, diameter_A=DIAMETER_A, spec=CropSpec())
    with caplog.at_level(logging.WARNING):
        assert cutter.find_contrast() == "light"
    assert "taken as light" in caplog.text
    assert [failure.image for failure in cutter.missing] == ["gone.mrcs"]


def test_images_that_show_nothing_are_named_and_the_others_are_cut(
    tmp_path: Path, field: NDArray[np.float32]
) -> None:
    images = boxes(field, 80)
    images[2] = 7.0
    with mrcfile.open(write_stack(tmp_path / "s.mrcs", images), "r+") as file:
        file.data[3, 40, 40] = np.nan
    names = ["000001@s.mrcs", "12@s.mrcs", "3@s.mrcs", "1@gone.mrcs", "4@s.mrcs", "9@s.mrcs"]
    failures: list[Failure] = []
    (part,) = crops_of_picks(
        relion_picks(names, tmp_path / "p.star"),
        diameter_A=DIAMETER_A,
        spec=CropSpec(),
        contrast="auto",
        workers=1,
        on_failure=failures.append,
    )
    assert part.rows.tolist() == [0, 5]
    expected = cut_crops(field, positions()[[0, 8]], CropSpec())[:, 0]
    np.testing.assert_allclose(part.crops[:, 0], expected, atol=1e-3)
    assert [failure.reason for failure in failures] == [
        "gone.mrcs: there is no such file. Start where its path leads to it.",
        "s.mrcs: 1 pick of an image beyond the last of 9; 2 images that are blank or hold NaN or "
        "infinity; not judged. Extract the particles again.",
    ]


@pytest.mark.parametrize(
    ("size_A", "problem"),
    [
        (1.0, "spans 120 pixels of 1 Å, in boxes of 80 pixels"),
        (60.0, "spans 2 pixels of 60 Å"),
        (np.nan, "neither the pick file nor the header states a pixel size"),
    ],
)
def test_sizes_must_make_sense(
    tmp_path: Path, field: NDArray[np.float32], size_A: float, problem: str
) -> None:
    write_stack(tmp_path / "s.mrcs", boxes(field, 80))
    picks = relion_picks(["1@s.mrcs"], tmp_path / "p.star", size_A)
    cutter = StackCutter(picks, diameter_A=DIAMETER_A, spec=CropSpec())
    with pytest.raises(BadInput, match=problem):
        list(cutter.cut("s.mrcs"))


def test_one_stack_has_one_pixel_size(tmp_path: Path, field: NDArray[np.float32]) -> None:
    write_stack(tmp_path / "s.mrcs", boxes(field, 80))
    table = pd.DataFrame({"image": "m", "x_px": 0.0, "y_px": 0.0}, index=range(2))
    table = table.assign(**{"blob/path": "s.mrcs", "blob/idx": [0, 1], "blob/psize_A": [3.0, 1.5]})
    picks = PickSet(table, source=tmp_path / "p.cs")
    cutter = StackCutter(picks, diameter_A=DIAMETER_A, spec=CropSpec())
    with pytest.raises(BadInput, match=r"sizes 1\.5 Å and 3 Å for images of one stack"):
        list(cutter.cut("s.mrcs"))
    told = StackCutter(picks, diameter_A=DIAMETER_A, spec=CropSpec(), pixel_size_A=3.0)
    assert cut(told, "s.mrcs")[0] == [0, 1]


def test_names_are_read_as_relion_and_cryosparc_mean_them(tmp_path: Path) -> None:
    relion = particle_names(relion_picks(["000002@a/b.mrcs", "c.mrc"], tmp_path / "p.star"))
    assert relion.stack.tolist() == ["a/b.mrcs", "c.mrc"]
    assert relion.section.tolist() == [1, 0]
    assert relion.pixel_size_A.tolist() == [PIXEL_SIZE_A] * 2
    ungrouped = relion_picks(["1@b.mrcs"], tmp_path / "p.star")
    ungrouped.table = ungrouped.table.drop(columns="rlnOpticsGroup")
    assert particle_names(ungrouped).pixel_size_A.tolist() == [PIXEL_SIZE_A]


def test_relion_3_0_states_the_size_by_the_magnification(tmp_path: Path) -> None:
    picks = relion_picks(["1@b.mrcs"], tmp_path / "p.star")
    picks.optics = None
    picks.table = picks.table.assign(rlnDetectorPixelSize="5.0", rlnMagnification="25000")
    assert particle_names(picks).pixel_size_A.tolist() == [2.0]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"rlnImageName": "000000@s.mrcs"}, "'000000@s.mrcs' in row 1, expected a name such as"),
        ({"rlnImageName": ""}, "'' in row 1"),
        ({"blob/path": "s.mrc", "blob/idx": "x"}, "blob/idx: 'x' in row 1, expected a whole"),
        ({"blob/path": "s.mrc"}, "names no particle images"),
    ],
)
def test_names_that_mean_nothing_are_refused(columns: dict[str, str], problem: str) -> None:
    table = pd.DataFrame({"image": ["m"], "x_px": [0.0], "y_px": [0.0], **columns})
    picks = PickSet(table, source=Path("p.star"))
    with pytest.raises(BadInput, match=f"^p.star.*{problem}"):
        particle_names(picks)
    assert has_particle_images(picks) == ("names no" not in problem)
