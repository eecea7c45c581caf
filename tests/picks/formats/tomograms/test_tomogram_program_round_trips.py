"""What the programs of tomography hold survives writing and reading, at odd sizes and bins."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak import rotations
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.tomograms import (
    cryolo_volume_cbox,
    dynamo_tbl,
    em_motive_list,
    eman2_volume_json,
    imod_mod,
)
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.losses import losses
from nunatak.picks.table import ANGLE_COLUMNS, PickSet
from nunatak.picks.tomogram_facts import TomogramFacts

SHAPES = {"tomo/TS_01.mrc": (61, 383, 127), "tomo/TS_02.mrc": (95, 64, 511)}
"""Odd and even, and no two sides alike."""

IMAGES = ImageCatalogue(SHAPES, pixel_size_A=10.012)
NUMBERS = {3: "TS_01", 12: "TS_02", 13: "TS_without_picks"}
FORMATS = [
    module.FORMAT
    for module in (
        dynamo_tbl,
        em_motive_list,
        imod_mod,
        eman2_volume_json,
        cryolo_volume_cbox,
    )
]
ABOUT_PX = {"em-motl": 2e-6, "imod": 1e-3}
"""Precision of float32: of a rest of half a voxel at most, and of a position."""

ratios = st.sampled_from([1.0, 2.0, 4.0, 383 / 95, 0.5])
grids = st.builds(FileGrid, ratios, ratios, st.sampled_from(GridRule), st.just(True), ratios)


@st.composite
def pick_sets(draw: st.DrawFn) -> PickSet:
    rows = []
    for image, (nz, ny, nx) in SHAPES.items():
        # Beyond the edges too: nothing may be clipped.
        place = st.tuples(*(st.floats(-20, size + 20) for size in (nx, ny, nz)))
        rows += [(image, *xyz) for xyz in draw(st.lists(place, min_size=1, max_size=3))]
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px"])
    n = len(table)
    angle = st.floats(-180, 180)
    angles = draw(st.lists(st.tuples(angle, angle, angle), min_size=n, max_size=n))
    table[list(ANGLE_COLUMNS)] = np.reshape(angles, (n, 3))
    table["score"] = draw(st.lists(st.floats(1, 2, width=32), min_size=n, max_size=n))
    table["class_name"] = draw(st.lists(st.sampled_from(["1", "27"]), min_size=n, max_size=n))
    return PickSet(table)


def there_and_back(fmt: PickFormat, picks: PickSet, grid: FileGrid, index_base: int) -> PickSet:
    context = FormatContext(
        images=IMAGES,
        grid=grid,
        box_px=37,
        tomograms=TomogramFacts(numbers=NUMBERS, index_base=index_base),
    )
    with tempfile.TemporaryDirectory() as folder:
        name = f"picks{fmt.suffixes[0]}" if fmt.capabilities.multi_image else "picks"
        files = fmt.write(picks, Path(folder) / name, context)
        read = [fmt.read(file, context) for file in files if file.suffix != ".doc"]
    return PickSet(pd.concat([part.table for part in read], ignore_index=True))


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@settings(max_examples=8)
@given(picks=pick_sets(), grid=grids, index_base=st.integers(0, 1))
def test_what_is_written_is_read(
    fmt: PickFormat, picks: PickSet, grid: FileGrid, index_base: int
) -> None:
    table = there_and_back(fmt, picks, grid, index_base).table
    can = fmt.capabilities
    ours = picks.table
    if fmt.name == "imod":  # Points are sorted into objects.
        ours = ours.sort_values(["image", "class_name"], kind="stable", ignore_index=True)
        table = table.sort_values(["image", "class_name"], kind="stable", ignore_index=True)
    assert table["image"].tolist() == ours["image"].tolist()
    for axis in ("x_px", "y_px", "z_px"):
        about = ABOUT_PX.get(fmt.name, 1e-9)
        np.testing.assert_allclose(table[axis], ours[axis], rtol=0, atol=about)
    if can.score:
        np.testing.assert_array_equal(table["score"], ours["score"])
    if can.class_name:
        assert table["class_name"].tolist() == ours["class_name"].tolist()
    if can.angles and ours[list(ANGLE_COLUMNS)].to_numpy().any():
        before, after = (rotations.from_relion(t[list(ANGLE_COLUMNS)]) for t in (ours, table))
        assert (after * before.inv()).magnitude().max() < 1e-5


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_picks_without_angles_scores_or_classes_get_none(fmt: PickFormat) -> None:
    rows = [(image, 3.25, 4.5, 5.75) for image in SHAPES]
    picks = PickSet(pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px"]))
    table = there_and_back(fmt, picks, FileGrid(), 0).table
    assert not {"class_name", *ANGLE_COLUMNS} & set(table.columns)
    assert "score" not in table.columns or table["score"].isna().all()
    assert table[["x_px", "y_px", "z_px"]].to_numpy().tolist() == [[3.25, 4.5, 5.75]] * 2


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_no_picks_stay_picks_in_tomograms(fmt: PickFormat, tmp_path: Path) -> None:
    empty = pd.DataFrame({name: pd.Series(dtype=float) for name in ("x_px", "y_px", "z_px")})
    picks = PickSet(empty.assign(image=pd.Series(dtype=str)), images=("tomo/TS_01.mrc",))
    context = FormatContext(images=IMAGES, image="tomo/TS_01.mrc", box_px=10)
    path = fmt.write(picks, tmp_path / f"picks{fmt.suffixes[0]}", context)[0]
    read = fmt.read(path, context)
    assert (len(read), read.ndim, read.images) == (0, 3, ("tomo/TS_01.mrc",))


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_files_are_known_by_their_first_bytes(fmt: PickFormat, tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["TS_01"], "x_px": [1.5], "y_px": [2.5], "z_px": [3.5]})
    context = FormatContext(box_px=10)
    path = fmt.write(PickSet(table), tmp_path / f"TS_01{fmt.suffixes[0]}", context)[0]
    head = path.read_bytes()
    assert [other.name for other in FORMATS if other.sniff(head)] == [fmt.name]
    assert not any(other.sniff(b"") or other.sniff(b"# text\n1 2 3\n") for other in FORMATS)


def test_an_empty_cell_is_no_class(tmp_path: Path) -> None:
    rows = [("tomo/TS_01.mrc", 1.0, 2.0, 3.0, "3"), ("tomo/TS_01.mrc", 4.0, 5.0, 6.0, "")]
    picks = PickSet(pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px", "class_name"]))
    for fmt in (dynamo_tbl.FORMAT, em_motive_list.FORMAT):
        table = there_and_back(fmt, picks, FileGrid(), 0).table
        assert table["class_name"].tolist() == ["3", "0"]
    path = eman2_volume_json.FORMAT.write(picks, tmp_path, FormatContext(images=IMAGES))[0]
    assert '"name": ""' not in path.read_text()


def test_contours_of_a_table_of_text_keep_their_order(tmp_path: Path) -> None:
    rows = [("tomo/TS_01.mrc", float(n), 0.0, 0.0, str(n)) for n in range(1, 13)]
    columns = ["image", "x_px", "y_px", "z_px", imod_mod.CONTOUR_COLUMN]
    table = there_and_back(
        imod_mod.FORMAT, PickSet(pd.DataFrame(rows, columns=columns)), FileGrid(), 0
    ).table
    assert table["x_px"].tolist() == list(range(1, 13))


def test_what_becomes_zero_is_said() -> None:
    rows = [("tomo/TS_01.mrc", 1.0, 2.0, 3.0, 0.5), ("tomo/TS_01.mrc", 4.0, 5.0, 6.0, np.nan)]
    picks = PickSet(pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px", "score"]))
    for fmt in (dynamo_tbl.FORMAT, em_motive_list.FORMAT, eman2_volume_json.FORMAT):
        said = losses(picks, fmt, FormatContext())
        assert any("written as 0: 1 of score" in text for text in said), fmt.name
    table = there_and_back(dynamo_tbl.FORMAT, picks, FileGrid(), 0).table
    assert table["score"].tolist() == [0.5, 0.0]
