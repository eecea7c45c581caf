"""Warp's and pytom-match-pick's coordinates: which voxels they count."""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak import rotations
from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats.star import read_star
from nunatak.picks.formats.tomograms.warp_star import read, sniff, write
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, empty_table
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts

XYZ = ["x_px", "y_px", "z_px"]
LABELS = ("rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")
SHAPE = (201, 517, 499)
"""Odd, and every side another."""

IMAGES = ImageCatalogue({"rec/TS_01_10.00Apx.mrc": SHAPE}, pixel_size_A=10.0)
STORED = FormatContext()
KNOWN = FormatContext(images=IMAGES)


def star(folder: Path, row: str, *more: str, labels: tuple[str, ...] = LABELS) -> Path:
    path = folder / "TS_01.star"
    names = "\n".join(f"_{label}" for label in (*labels, *more))
    path.write_text(f"data_\n\nloop_\n{names}\n{row}\n")
    return path


def position(path: Path, context: FormatContext) -> list[float]:
    [found] = read(path, context).table[XYZ].to_numpy()
    return [float(axis) for axis in found]


@pytest.mark.parametrize("context", [STORED, KNOWN])
def test_zero_is_the_centre_of_the_first_voxel(tmp_path: Path, context: FormatContext) -> None:
    path = star(tmp_path, "TS_01.tomostar 0 0 0\nTS_01.tomostar 443.701994 214.5 203.25")
    picks = read(path, context)
    assert picks.table[XYZ].to_numpy().tolist() == [[0, 0, 0], [443.701994, 214.5, 203.25]]
    assert picks.notes == []
    assert picks.images == (("rec/TS_01_10.00Apx.mrc",) if len(context.images) else ("TS_01",))


def test_files_of_pytom_match_pick(tmp_path: Path) -> None:
    statistics = ("rlnLCCmax", "rlnCutOff", "rlnSearchStd", "rlnDetectorPixelSize")
    labels = (*LABELS[1:], "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", *statistics)
    row = "10 20 30 1 2 3 0.31 0.1 0.02 13.79 tomo200528_100"
    path = star(tmp_path, row, LABELS[0], labels=labels)
    table = read(path, STORED).table
    assert table.iloc[0].to_dict() == {
        **{"image": "tomo200528_100", "x_px": 10, "y_px": 20, "z_px": 30},
        **{"rot_deg": 1, "tilt_deg": 2, "psi_deg": 3, "score": 0.31, "pixel_size_A": 13.79},
        **{"rlnLCCmax": "0.31", "rlnCutOff": "0.1", "rlnSearchStd": "0.02"},
    }


@pytest.mark.parametrize(
    ("more", "row"),
    [
        (["rlnPixelSize"], "5.0"),
        (["rlnDetectorPixelSize"], "5.0"),
        (["rlnMagnification", "rlnDetectorPixelSize"], "10000.0 5.0"),
        (["rlnImagePixelSize"], "5.0"),
    ],
)
def test_voxels_of_a_stated_size_become_those_of_the_tomogram(
    tmp_path: Path, more: list[str], row: str
) -> None:
    path = star(tmp_path, f"TS_01.tomostar 100 51 7 {row}", *more)
    picks = read(path, KNOWN)
    assert picks.table[XYZ].to_numpy().tolist() == [[50, 25.5, 3.5]]
    assert picks.table["pixel_size_A"].tolist() == [10]
    assert picks.notes == [
        f"{path}: coordinates count voxels of 5 Å and were converted to those of the tomograms, "
        "10 Å."
    ]
    # Where no tomogram is known, its voxels can only be those.
    assert read(path, STORED).table["pixel_size_A"].tolist() == [5]
    assert position(path, STORED) == [100, 51, 7]
    # What the user states goes first: coordinates of a tomogram that was binned by 2.
    stated = dataclasses.replace(KNOWN, grid=FileGrid.binned(2, GridRule.MEAN))
    assert position(path, stated) == [200.5, 102.5, 14.5]


def test_a_rounded_size_is_the_same_size(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01.tomostar 400 51 7 10.012", "rlnPixelSize")
    picks = read(path, KNOWN)
    assert position(path, KNOWN) == [400, 51, 7]
    assert (picks.notes, picks.table["pixel_size_A"].tolist()) == ([], [10.012])


def test_the_size_may_stand_in_the_optics_groups(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01.tomostar 100 51 7 1", "rlnOpticsGroup")
    optics = "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n1 5\n\n"
    path.write_text(optics + path.read_text())
    picks = read(path, KNOWN)
    assert picks.table["pixel_size_A"].tolist() == [10]
    write(picks, tmp_path / "out.star", KNOWN)
    assert read_star(tmp_path / "out.star")[0].columns["rlnImagePixelSize"] == ["5"]
    assert position(tmp_path / "out.star", KNOWN) == [50, 25.5, 3.5]


def test_template_matching_writes_parts_of_the_extent(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01.tomostar 0.5 0.25 1", "rlnAutopickFigureOfMerit")
    path.write_text(path.read_text().replace(" 0.25 1\n", " 0.25 1 7.5\n"))
    picks = read(path, KNOWN)
    assert position(path, KNOWN) == [499 / 2, 517 / 4, 201]
    assert "were taken for parts of the tomogram's extent" in picks.notes[0]
    assert picks.table["score"].tolist() == [7.5]
    # tomograms.star knows what was divided by: 4092 / 8 and not the 512 voxels of the volume.
    unbinned = FormatContext(
        tomograms=TomogramFacts(tilt_series={"TS_01": TiltSeries((4092, 4093, 1001), 1.25, 8.0)})
    )
    assert position(path, unbinned) == [4092 / 8 / 2, 4093 / 8 / 4, 1001 / 8]


def test_fractions_of_an_unknown_tomogram_are_refused(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01.tomostar 0.5 0.25 0.125")
    with pytest.raises(FormatError) as caught:
        read(path, STORED)
    assert "all coordinates lie between 0 and 1" in str(caught.value)
    assert "the size of TS_01 is not known. Give the tomograms or tomograms.star" in str(
        caught.value
    )
    # Whole numbers, a stated voxel size, or one coordinate beyond 1: voxels.
    assert position(star(tmp_path, "TS_01.tomostar 0 1 0"), KNOWN) == [0, 1, 0]
    assert position(star(tmp_path, "TS_01.tomostar 0.5 1.5 0"), KNOWN) == [0.5, 1.5, 0]
    path = star(tmp_path, "TS_01.tomostar 0.5 0.25 0.125 10", "rlnPixelSize")
    assert position(path, KNOWN) == [0.5, 0.25, 0.125]


def test_nothing_is_written_that_would_look_like_fractions(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a"], "x_px": [0.5], "y_px": [0.5], "z_px": [0.5]})
    with pytest.raises(BadInput, match=r"would lie between 0 and 1.*--pixel-size"):
        write(PickSet(table), tmp_path / "a.star", STORED)
    write(PickSet(table.assign(pixel_size_A=10.0)), tmp_path / "a.star", STORED)
    assert position(tmp_path / "a.star", STORED) == [0.5, 0.5, 0.5]


ratios = st.floats(0.3, 12) | st.sampled_from([1.0, 2.0, 7.4074])
grids = st.builds(
    FileGrid, ratios, ratios, st.sampled_from(GridRule), in_pixels=st.just(True), ratio_z=ratios
)
voxels = st.floats(-50, 900)


@settings(max_examples=15)
@given(
    grid=grids,
    voxel_A=st.floats(0.5, 20),
    positions=st.lists(st.tuples(voxels, voxels, voxels), min_size=1, max_size=3),
    angles=st.tuples(st.floats(-180, 180), st.floats(0, 180), st.floats(-180, 180)),
)
def test_what_is_written_is_read_back(
    grid: FileGrid,
    voxel_A: float,
    positions: list[tuple[float, float, float]],
    angles: tuple[float, float, float],
) -> None:
    images = ImageCatalogue({"t/TS_01_10.00Apx.mrc": SHAPE}, pixel_size_A=voxel_A)
    context = FormatContext(images=images, grid=grid)
    table = pd.DataFrame(np.array(positions).reshape(-1, 3), columns=XYZ)
    table.insert(0, "image", images.names[0])
    table = table.assign(score=0.1, pixel_size_A=voxel_A, class_name="a b", diameter_A=290.0)
    table = table.assign(rot_deg=angles[0], tilt_deg=angles[1], psi_deg=angles[2])
    with tempfile.TemporaryDirectory() as folder:
        write(PickSet(table), Path(folder) / "a.star", context)
        back = read(Path(folder) / "a.star", context).table
    np.testing.assert_allclose(back[XYZ], table[XYZ], rtol=0, atol=1e-9)
    np.testing.assert_allclose(back["pixel_size_A"], table["pixel_size_A"])
    same = ["image", "score", "class_name", "diameter_A", "rot_deg", "tilt_deg", "psi_deg"]
    assert back[same].to_numpy().tolist() == table[same].to_numpy().tolist()


def test_what_warp_needs_is_written(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["rec/TS_01_10.00Apx.mrc"], "x_px": [4.0], "y_px": [5.0]})
    picks = PickSet(
        table.assign(z_px=6.0, score=0.5, pixel_size_A=10.0), images=("rec/rec_TS_02.mrc",)
    )
    context = FormatContext(grid=FileGrid.binned(2))
    write(picks, tmp_path / "out.star", context)
    particles, empty = read_star(tmp_path / "out.star")
    assert particles.columns == {
        "rlnMicrographName": ["TS_01.tomostar"],
        "rlnCoordinateX": ["2"],
        "rlnCoordinateY": ["2.5"],
        "rlnCoordinateZ": ["3"],
        "rlnPixelSize": ["20"],
        "rlnAutopickFigureOfMerit": ["0.5"],
    }
    assert empty.columns == {"rlnMicrographName": ["TS_02.tomostar"]}
    assert read(tmp_path / "out.star", context).images == ("TS_02", "TS_01")


ORIGINS_A = ("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst")
ORIGINS_PX = ("rlnOriginX", "rlnOriginY", "rlnOriginZ")


@pytest.mark.parametrize(("labels", "scale"), [(ORIGINS_A, 5), (ORIGINS_PX, 1)])
def test_refined_origins_count_angstrom_or_the_files_voxels(
    tmp_path: Path, labels: tuple[str, ...], scale: int
) -> None:
    origins = " ".join(str(scale * shift) for shift in (2, -4, 6))
    path = star(tmp_path, f"TS_01.tomostar 100 50 8 5 {origins}", "rlnPixelSize", *labels)
    assert "were not applied" in read(path, KNOWN).notes[0]
    for context, factor in [
        (STORED, 1),  # The voxels are the file's.
        (KNOWN, 0.5),
        (FormatContext(grid=FileGrid.binned(4)), 4),
    ]:
        refined = dataclasses.replace(context, refined=True)
        assert position(path, refined) == [98 * factor, 54 * factor, 2 * factor]
        # Not applied, they still mean the same after conversion.
        out = tmp_path / "out.star"
        write(read(path, context), out, dataclasses.replace(context, grid=FileGrid.binned(3)))
        back = dataclasses.replace(refined, grid=FileGrid.binned(3))
        assert position(out, back) == pytest.approx([98 * factor, 54 * factor, 2 * factor])


def test_origins_in_angstrom_need_a_voxel_size(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01.tomostar 100 50 8 1 1 10", *ORIGINS_A)
    refined = dataclasses.replace(STORED, refined=True)
    with pytest.raises(FormatError, match="no voxel size to convert them by"):
        read(path, refined)
    assert position(path, dataclasses.replace(KNOWN, refined=True)) == [99.9, 49.9, 7]
    in_angstrom = dataclasses.replace(refined, grid=FileGrid.in_angstrom(10))
    assert position(path, in_angstrom) == pytest.approx([9.9, 4.9, -0.2])


def test_orientations_of_subtomograms_are_taken_into_account(tmp_path: Path) -> None:
    sub = ("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi")
    angles = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
    row = "TS_01.tomostar 100 50 8 0 90 0 27 92 6 0 0 10"
    picks = read(star(tmp_path, row, *sub, *angles, *ORIGINS_A), KNOWN)
    write(picks, tmp_path / "out.star", KNOWN)
    [particles] = read_star(tmp_path / "out.star")
    assert not set(sub) & particles.columns.keys()
    found = [float(particles.columns[label][0]) for label in angles]
    expected = rotations.from_relion([0, 90, 0]) * rotations.from_relion([27, 92, 6])
    np.testing.assert_allclose(
        rotations.from_relion(found).as_matrix(), expected.as_matrix(), atol=1e-12
    )
    # The origin along the subtomogram's z lies along the tomogram's -x.
    origins = [float(particles.columns[label][0]) for label in ORIGINS_A]
    assert origins == pytest.approx([-10, 0, 0])


def test_relions_picker_counts_voxels_as_well(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01 100 50 8", labels=("rlnTomoName", *LABELS[1:]))
    assert not sniff(path.read_bytes())
    picks = read(path, STORED)
    assert picks.table.to_dict("list") == {
        **{"image": ["TS_01"], "x_px": [100], "y_px": [50], "z_px": [8]}
    }
    assert sniff(star(tmp_path, "TS_01 100 50 8").read_bytes())


def test_a_file_may_leave_its_tomogram_to_the_user(tmp_path: Path) -> None:
    path = star(tmp_path, "100 50 8", labels=LABELS[1:])
    assert read(path, FormatContext(image="t/a.mrc")).images == ("t/a.mrc",)
    with pytest.raises(FormatError) as caught:
        read(path, STORED)
    assert str(caught.value).endswith(
        "no column rlnMicrographName or rlnTomoName. If the picks belong to one tomogram, name it "
        "in 'nunatak convert' (--image)"
    )


def test_unknown_tomograms_and_damaged_files_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match=r"TS_01\.star: TS_03 fits none of the 1 images"):
        read(star(tmp_path, "TS_03.tomostar 1 2 3"), KNOWN)
    with pytest.raises(FormatError, match="line 8, rlnCoordinateZ: 'x' where a number"):
        read(star(tmp_path, "TS_01.tomostar 1 2 x"), STORED)
    with pytest.raises(FormatError, match="no column rlnCoordinateZ"):
        read(star(tmp_path, "TS_01.tomostar 1 2", labels=LABELS[:3]), STORED)


def test_no_picks_are_no_fractions(tmp_path: Path) -> None:
    write(PickSet(empty_table(3), images=("TS_01",)), tmp_path / "a.star", STORED)
    picks = read(tmp_path / "a.star", STORED)
    assert (len(picks), picks.ndim, picks.images) == (0, 3, ("TS_01",))
