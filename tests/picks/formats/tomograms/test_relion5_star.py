"""RELION 5's centred coordinates: sizes, centres, poses and names."""

import dataclasses
import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak import rotations
from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats.star import read_star
from nunatak.picks.formats.tomograms import dynamo_tbl
from nunatak.picks.formats.tomograms.relion5_star import read, sniff, write
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, empty_table
from nunatak.picks.tilt_series import TiltSeries, TomogramCentre
from nunatak.picks.tomogram_facts import TomogramFacts

ODD = TiltSeries((4092, 5761, 1393), 1.35, 8.0)
"""4092 / 8 = 511.5: no binned tomogram has that size."""

CONTEXT = FormatContext(tomograms=TomogramFacts(tilt_series={"TS_01": ODD}))
LABELS = ("rlnTomoName", *(f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ"))
XYZ = ["x_px", "y_px", "z_px"]


def star(folder: Path, row: str = "TS_01 0 0 0", *more: str, before: str = "") -> Path:
    path = folder / "particles.star"
    names = "\n".join(f"_{label}" for label in (*LABELS, *more))
    path.write_text(f"{before}data_particles\nloop_\n{names}\n{row}\n")
    return path


def test_zero_is_half_of_the_unbinned_size(tmp_path: Path) -> None:
    [position] = read(star(tmp_path), CONTEXT).table[XYZ].to_numpy()
    # Not 255.5 or 256, which halves of 511 and 512 voxels would be.
    assert position.tolist() == [4092 / 2 / 8, 5761 / 2 / 8, 1393 / 2 / 8]
    assert position[0] == 255.75


def test_the_pickers_centre_is_one_unbinned_pixel_lower(tmp_path: Path) -> None:
    context = dataclasses.replace(
        CONTEXT,
        tomograms=dataclasses.replace(CONTEXT.tomograms, centre=TomogramCentre.HALF_MINUS_ONE),
    )
    [position] = read(star(tmp_path), context).table[XYZ].to_numpy()
    assert position.tolist() == [(4092 / 2 - 1) / 8, (5761 / 2 - 1) / 8, (1393 / 2 - 1) / 8]


def test_the_first_voxel_is_minus_half_the_size(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["t/rec_TS_01.mrc"], "x_px": 0.0, "y_px": 0.0, "z_px": 0.0})
    write(PickSet(table), tmp_path / "a.star", CONTEXT)
    [particles] = read_star(tmp_path / "a.star")
    assert particles.columns["rlnTomoName"] == ["TS_01"]
    found = [float(particles.columns[label][0]) for label in LABELS[1:]]
    assert found == pytest.approx([-2046 * 1.35, -5761 / 2 * 1.35, -1393 / 2 * 1.35])
    # RELION's import takes the first table for the particles, and the groups from tomograms.star.
    assert particles.block == "particles"
    assert particles.columns["rlnTomoTiltSeriesPixelSize"] == ["1.35"]


tilt_series = st.builds(
    TiltSeries,
    st.tuples(*[st.integers(1, 6001)] * 3),
    st.floats(0.3, 5),
    st.floats(0.5, 16) | st.sampled_from([1.0, 4.0, 8.0, 7.4074]),
)


@settings(max_examples=15)
@given(
    series=tilt_series,
    centre=st.sampled_from(TomogramCentre),
    positions=st.lists(st.tuples(*[st.floats(-50, 900)] * 3), max_size=3),
    angles=st.tuples(st.floats(-180, 180), st.floats(0, 180), st.floats(-180, 180)),
)
def test_what_is_written_is_read_back(
    series: TiltSeries,
    centre: TomogramCentre,
    positions: list[tuple[float, float, float]],
    angles: tuple[float, float, float],
) -> None:
    context = FormatContext(tomograms=TomogramFacts(tilt_series={"a": series}, centre=centre))
    table = pd.DataFrame(np.array(positions).reshape(-1, 3), columns=XYZ)
    table.insert(0, "image", "a")
    table = table.assign(score=0.1, rot_deg=angles[0], tilt_deg=angles[1], psi_deg=angles[2])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.star"
        write(PickSet(table.assign(class_name="ribosome, 80S", diameter_A=290.0)), path, context)
        back = read(path, context).table
    np.testing.assert_allclose(back[XYZ], table[XYZ], rtol=0, atol=1e-9)
    angle_columns = ["rot_deg", "tilt_deg", "psi_deg"]
    np.testing.assert_array_equal(back[angle_columns], table[angle_columns])
    assert back["class_name"].eq("ribosome, 80S").all()
    assert back["diameter_A"].eq(290).all()
    np.testing.assert_allclose(back["pixel_size_A"], series.pixel_size_A * series.binning)


def test_groups_stacks_and_unknown_columns_survive(tmp_path: Path) -> None:
    before = (
        "data_general\n_rlnTomoSubTomosAre2DStacks 1\n\ndata_optics\nloop_\n_rlnOpticsGroup\n"
        "_rlnTomoTiltSeriesPixelSize\n_rlnVoltage\n1 1.350000 300.0\n\n"
    )
    row = "TS_01 1 2 3 1 7 [0,1,1] 0.25 4"
    more = ("rlnOpticsGroup", "rlnClassNumber", "rlnTomoVisibleFrames", "rlnLCCmax", "rlnX")
    picks = read(star(tmp_path, row, *more, before=before), CONTEXT)
    assert picks.table["score"].tolist() == [0.25]
    assert picks.table["pixel_size_A"].tolist() == [1.35 * 8]
    write(picks, tmp_path / "out.star", CONTEXT)
    general, optics, particles = read_star(tmp_path / "out.star")
    assert general.columns == {"rlnTomoSubTomosAre2DStacks": ["1"]}
    assert optics.columns["rlnTomoTiltSeriesPixelSize"] == ["1.350000"]
    assert optics.columns["rlnVoltage"] == ["300.0"]
    for label, cell in zip(more[:4], row.split()[4:], strict=False):
        assert particles.columns[label] == [cell]
    assert particles.columns["rlnAutopickFigureOfMerit"] == ["0.25"]
    pd.testing.assert_frame_equal(read(tmp_path / "out.star", CONTEXT).table, picks.table)


def numbered(folder: Path, *cells: str) -> Path:
    """A file whose particles have these numbers of classes."""
    rows = "\n".join(f"TS_01 {place} 2 3 {cell}" for place, cell in enumerate(cells))
    return star(folder, rows, "rlnClassNumber")


def test_relions_numbers_of_classes_are_classes(tmp_path: Path) -> None:
    picks = read(numbered(tmp_path, "2", "1", "0", "12.000"), CONTEXT)
    assert picks.table["class_name"].astype(object).where(
        lambda one: one.notna(), None
    ).tolist() == (["2", "1", None, "12"])
    assert "rlnClassNumber" not in picks.table
    assert picks.notes == [
        f"{tmp_path / 'particles.star'}: the classes are RELION's (rlnClassNumber)."
    ]
    write(picks, tmp_path / "out.star", CONTEXT)
    [particles] = read_star(tmp_path / "out.star")
    assert particles.columns["rlnClassNumber"] == ["2", "1", "0", "12"]
    # RELION would keep the names as they are when it classifies anew, and they would count.
    assert "nunatakClassName" not in particles.columns
    pd.testing.assert_frame_equal(read(tmp_path / "out.star", CONTEXT).table, picks.table)
    dynamo_tbl.write(picks, tmp_path / "out.tbl", CONTEXT)
    rows = (tmp_path / "out.tbl").read_text().splitlines()
    assert [row.split()[21] for row in rows] == ["2", "1", "0", "12"]


@pytest.mark.parametrize("cell", ["0", "1"])
def test_one_number_for_all_that_relion_did_not_classify_is_no_class(
    tmp_path: Path, cell: str
) -> None:
    table = read(numbered(tmp_path, cell, cell), CONTEXT).table
    assert "class_name" not in table
    assert table["rlnClassNumber"].tolist() == [cell, cell]
    # As a name it is kept by name, which is read again.
    named = PickSet(table.drop(columns="rlnClassNumber").assign(class_name=cell))
    write(named, tmp_path / "out.star", CONTEXT)
    assert read_star(tmp_path / "out.star")[0].columns["rlnClassNumber"] == [cell, cell]
    assert read(tmp_path / "out.star", CONTEXT).table["class_name"].tolist() == [cell, cell]


def test_names_of_classes_count_beside_relions_numbers(tmp_path: Path) -> None:
    more = ("rlnClassNumber", "nunatakClassName")
    path = star(tmp_path, "TS_01 0 2 3 5 80S\nTS_01 1 2 3 6 7", *more)
    picks = read(path, CONTEXT)
    assert picks.table["class_name"].tolist() == ["80S", "7"]
    for names in (["80S", "7"], ["3", "7"]):  # neither can be said by the numbers that are there
        write(PickSet(picks.table.assign(class_name=names)), tmp_path / "out.star", CONTEXT)
        [particles] = read_star(tmp_path / "out.star")
        assert particles.columns["rlnClassNumber"] == ["5", "6"]
        assert particles.columns["nunatakClassName"] == names
    # Of two files joined, one had been classified: its numbers and the other's are one column.
    joined = picks.table.assign(class_name=[None, "2"], rlnClassNumber=["1", None])
    write(PickSet(joined), tmp_path / "out.star", CONTEXT)
    [particles] = read_star(tmp_path / "out.star")
    assert particles.columns["rlnClassNumber"] == ["1", "2"]


def test_groups_of_other_tilt_series_are_left_to_relion(tmp_path: Path) -> None:
    before = "data_optics\nloop_\n_rlnOpticsGroup\n_rlnTomoTiltSeriesPixelSize\n1 1.35\n\n"
    picks = read(star(tmp_path, "TS_01 1 2 3 1", "rlnOpticsGroup", before=before), CONTEXT)
    # The same tomogram, from tilt series that were binned by two before.
    halved = FormatContext(
        tomograms=TomogramFacts(tilt_series={"TS_01": TiltSeries((2046, 2880, 696), 2.7, 4.0)})
    )
    write(picks, tmp_path / "out.star", halved)
    [particles] = read_star(tmp_path / "out.star")
    assert particles.columns["rlnTomoTiltSeriesPixelSize"] == ["2.7"]


def test_particles_of_two_kinds_cannot_be_one_file(tmp_path: Path) -> None:
    picks = read(star(tmp_path, "TS_01 0 0 0\nTS_01 1 1 1"), CONTEXT)
    picks.table["rlnTomoSubTomosAre2DStacks"] = ["1", "0"]
    with pytest.raises(BadInput, match="subtomograms of one kind only"):
        write(picks, tmp_path / "out.star", CONTEXT)


SUB = ("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi")
POSE = (*SUB, "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
ORIGINS = ("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst")


def relion_matrix(rot: float, tilt: float, psi: float) -> np.ndarray:
    """Heymann et al. 2005, equation for R(phi, theta, psi), element by element."""
    (sr, st_, sp), (cr, ct, cp) = (
        np.sin(np.radians([rot, tilt, psi])),
        np.cos(np.radians([rot, tilt, psi])),
    )
    return np.array(
        [
            [cp * ct * cr - sp * sr, cp * ct * sr + sp * cr, -cp * st_],
            [-sp * ct * cr - cp * sr, -sp * ct * sr + cp * cr, sp * st_],
            [st_ * cr, st_ * sr, ct],
        ]
    )


def test_orientation_is_that_of_the_subtomogram_times_that_of_the_particle(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01 0 0 0 174.9 90.3 -129.5 27.1 92.6 6.7", *POSE)
    picks = read(path, CONTEXT)
    expected = relion_matrix(174.9, 90.3, -129.5) @ relion_matrix(27.1, 92.6, 6.7)
    angles = picks.table[["rot_deg", "tilt_deg", "psi_deg"]]
    np.testing.assert_allclose(
        rotations.from_relion(angles).as_matrix()[0], expected, rtol=0, atol=1e-12
    )
    # Written back within the subtomogram's axes, in which priors of filaments stand as well.
    write(picks, tmp_path / "out.star", CONTEXT)
    [particles] = read_star(tmp_path / "out.star")
    found = [float(particles.columns[label][0]) for label in POSE]
    assert found == pytest.approx([174.9, 90.3, -129.5, 27.1, 92.6, 6.7])


def test_a_subtomogram_without_particle_angles_and_zeros_and_unknown_ones(tmp_path: Path) -> None:
    rows = "TS_01 0 0 0 10 20 30\nTS_01 0 0 0 0 0 0\nTS_01 0 0 0 None None None"
    angles = read(star(tmp_path, rows, *SUB), CONTEXT).table[["rot_deg", "tilt_deg", "psi_deg"]]
    np.testing.assert_allclose(angles, [[10, 20, 30], [0, 0, 0], [np.nan] * 3])


def test_refined_positions_turn_origins_into_the_tomograms_axes(tmp_path: Path) -> None:
    pose = "170 80 -120 27 92 6"
    path = star(tmp_path, f"TS_01 100 200 300 {pose} 5.4 -2.7 8.1", *POSE, *ORIGINS)
    as_extracted = read(path, CONTEXT)
    [note] = as_extracted.notes
    assert "holds refined origins (rlnOriginXAngst), which were not applied" in note
    context = dataclasses.replace(CONTEXT, refined=True)
    picks = read(path, context)
    assert picks.notes == []
    moved_A = (as_extracted.table[XYZ] - picks.table[XYZ]).to_numpy()[0] * 8 * 1.35
    np.testing.assert_allclose(moved_A, relion_matrix(170, 80, -120) @ [5.4, -2.7, 8.1])
    # Applied once: what is written has no origin left.
    write(picks, tmp_path / "out.star", CONTEXT)
    again = read(tmp_path / "out.star", context)
    np.testing.assert_allclose(again.table[XYZ], picks.table[XYZ], rtol=0, atol=1e-9)
    with pytest.raises(FormatError, match="no column rlnOriginXAngst and"):
        read(star(tmp_path), context)


def test_without_subtomograms_origins_are_along_the_axes(tmp_path: Path) -> None:
    context = dataclasses.replace(CONTEXT, refined=True)
    path = star(tmp_path, "TS_01 0 0 0 10.8", ORIGINS[0])
    [position] = read(path, context).table[XYZ].to_numpy()
    assert position.tolist() == pytest.approx([255.75 - 1, 5761 / 16, 1393 / 16])


def test_origins_in_unknown_axes_are_refused(tmp_path: Path) -> None:
    row = "TS_01 0 0 0 None None None 1 1 1"
    context = dataclasses.replace(CONTEXT, refined=True)
    with pytest.raises(FormatError, match="line 13, rlnTomoSubtomogramRot: the origin stands in"):
        read(star(tmp_path, row, *SUB, *ORIGINS), context)


def test_centred_coordinates_win(tmp_path: Path) -> None:
    labels = ("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")
    picks = read(star(tmp_path, "TS_01 0 0 0 1 2 3", *labels), CONTEXT)
    assert picks.table[XYZ].to_numpy()[0, 0] == 255.75
    assert not set(labels) & set(picks.table)
    assert "the centred ones count" in picks.notes[0]


def test_names_of_reconstructions_mean_their_tilt_series(tmp_path: Path) -> None:
    shapes = {
        "tomograms/rec_TS_01.mrc": (174, 720, 511),
        "tomograms/TS_02_10.80Apx.mrc": (174, 720, 512),
    }
    context = FormatContext(
        images=ImageCatalogue(shapes),
        tomograms=TomogramFacts(tilt_series={"TS_01": ODD, "TS_02": ODD, "TS_11": ODD}),
    )
    path = star(tmp_path, "TS_01 0 0 0\nTS_02 0 0 0")
    picks = read(path, context)
    assert picks.table["image"].tolist() == list(shapes)
    write(picks, tmp_path / "out.star", context)
    assert read_star(tmp_path / "out.star")[0].columns["rlnTomoName"] == ["TS_01", "TS_02"]


def test_a_plain_name_goes_before_one_with_a_mark(tmp_path: Path) -> None:
    images = ImageCatalogue({"TS_01.mrc": (174, 720, 512), "rec_TS_01.mrc": (1, 1, 1)})
    known = {"TS_01": ODD, "rec_TS_01": TiltSeries((2, 2, 2), 1.35, 8)}
    context = FormatContext(images=images, tomograms=TomogramFacts(tilt_series=known))
    picks = read(star(tmp_path, "TS_01 0 0 0\nrec_TS_01 0 0 0"), context)
    assert picks.table["image"].tolist() == ["TS_01.mrc", "rec_TS_01.mrc"]
    assert picks.table["x_px"].tolist() == [255.75, 1 / 8]


def test_two_names_never_become_one_tomogram(tmp_path: Path) -> None:
    images = ImageCatalogue({"TS_01.mrc": (1, 2, 3)})
    context = FormatContext(images=images, tomograms=TomogramFacts(tilt_series={"TS_01": ODD}))
    with pytest.raises(Mismatch, match=r"TS_01 and rec_TS_01 would both be TS_01\.mrc"):
        read(star(tmp_path, "TS_01 0 0 0\nrec_TS_01 0 0 0"), context)
    table = pd.concat([empty_table(3)] * 2)
    picks = PickSet(table, images=("a/TS_01.mrc", "b/TS_01.mrc"))
    with pytest.raises(Mismatch, match="TS_01 is the name of both in this format"):
        write(picks, tmp_path / "out.star", CONTEXT)
    with pytest.raises(Mismatch, match="TS_07 fits none of the 1 images"):
        read(star(tmp_path, "TS_07 0 0 0"), context)
    two = ImageCatalogue({"a/rec_TS_01.mrc": (1, 2, 3), "b/rec_TS_01.mrc": (1, 2, 3)})
    several = r"TS_01 fits 2 tomograms: a/rec_TS_01\.mrc, b/rec_TS_01\.mrc\. Name the one"
    with pytest.raises(Mismatch, match=several):
        read(star(tmp_path), dataclasses.replace(context, images=two))


def test_tomograms_without_picks_are_remembered(tmp_path: Path) -> None:
    write(PickSet(empty_table(3), images=("TS_01",)), tmp_path / "a.star", CONTEXT)
    picks = read(tmp_path / "a.star", CONTEXT)
    assert (picks.images, picks.ndim, len(picks)) == (("TS_01",), 3, 0)


def test_tomograms_of_unknown_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Mismatch) as caught:
        read(star(tmp_path, "TS_01 0 0 0\nTS_9 0 0 0"), CONTEXT)
    assert "1 of 2 tomograms are not known (first: TS_9). Give RELION's tomograms.star" in str(
        caught.value
    )


def test_tomograms_of_another_reconstruction_are_refused(tmp_path: Path) -> None:
    images = ImageCatalogue({"TS_01.mrc": (9, 9, 9)}, pixel_size_A=5.4)
    with pytest.raises(Mismatch, match=r"TS_01\.mrc has voxels of 5\.4 Å, but by tomograms\.star"):
        read(star(tmp_path), dataclasses.replace(CONTEXT, images=images))
    table = read(star(tmp_path), CONTEXT).table.assign(pixel_size_A=5.4)
    with pytest.raises(Mismatch, match=r"TS_01 has voxels of 5\.4 Å"):
        write(PickSet(table), tmp_path / "out.star", CONTEXT)


@pytest.mark.parametrize(
    ("shape", "is_refused"),
    [
        ((174, 720, 511), False),
        ((176, 722, 513), False),
        ((150, 720, 511), True),  # cut
        ((720, 174, 511), True),  # y and z exchanged
    ],
)
def test_tomograms_of_another_shape_are_refused(
    tmp_path: Path, shape: tuple[int, int, int], is_refused: bool
) -> None:
    context = dataclasses.replace(CONTEXT, images=ImageCatalogue({"TS_01.mrc": shape}))
    nz, ny, nx = shape
    message = f"TS_01.mrc has {nx} x {ny} x {nz} voxels .* it has 511.5 x 720.125 x 174.125,"
    with pytest.raises(Mismatch, match=message) if is_refused else nullcontext():
        read(star(tmp_path), context)


def test_another_tilt_series_is_refused(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01 0 0 0 2.7", "rlnTomoTiltSeriesPixelSize")
    with pytest.raises(Mismatch, match=r"2\.7 Å a pixel, tomograms\.star 1\.35 Å"):
        read(path, CONTEXT)


def test_units_mirrors_and_existing_files(tmp_path: Path) -> None:
    path = star(tmp_path)
    with pytest.raises(UsageError, match="Leave out the unit"):
        read(path, dataclasses.replace(CONTEXT, grid=FileGrid.binned(2)))
    with pytest.raises(UsageError, match="cannot be mirrored"):
        read(path, dataclasses.replace(CONTEXT, orientation=Orientation.FLIP_Y))
    picks = read(path, CONTEXT)
    with pytest.raises(UsageError, match="exists already"):
        write(picks, path, dataclasses.replace(CONTEXT, overwrite=False))
    write(picks, path, dataclasses.replace(CONTEXT, round_coordinates=True))
    # 2880.5 unbinned pixels become 2881, half a pixel above the centre.
    assert read_star(path)[0].columns[LABELS[2]] == ["0.675"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("data_\nloop_\n_rlnTomoName\na\n", "no column rlnCenteredCoordinateXAngst and"),
        ("data_\n", "a STAR file without any table"),
        ("data_p\nloop_\n_L0\n_L1\n_L2\n_L3\nTS_01 1 x 3\n", "line 7, rlnCenteredCoordinateYAngst"),
        ("data_p\nloop_\n_L0\n_L1\n_L2\n_L3\nTS_01 1 2\n", "line 7"),
        ("data_p\nloop_\n_L1\n_L2\n_L3\n1 2 3\n", "no column rlnTomoName. If the picks belong to"),
        ("data_a\n_L1 1\n_L2 1\n_L3 1\ndata_b\n_L1 1\n_L2 1\n_L3 1\n", "2 tables of coordinates"),
        (
            "data_p\nloop_\n_L0\n_L1\n_L2\n_L3\n_rlnAngleRot\nTS_01 1 2 3 4\n",
            "no column rlnAngleTilt and rlnAnglePsi",
        ),
        (
            "data_p\nloop_\n_L0\n_L1\n_L2\n_L3\n_rlnClassNumber\nTS_01 1 2 3 1.5\n",
            "line 8, rlnClassNumber: '1.5' where a whole number was expected",
        ),
    ],
)
def test_damaged_files_say_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.star"
    for number, label in enumerate(LABELS):
        content = content.replace(f"_L{number}", f"_{label}")
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        read(path, CONTEXT)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_other_tables_are_mentioned_and_content_is_recognised(tmp_path: Path) -> None:
    path = star(tmp_path)
    path.write_text(path.read_text() + "\ndata_model\nloop_\n_rlnReferenceImage\nx\n")
    assert read(path, CONTEXT).notes == [
        f"{path}: tables without coordinates are not kept: data_model."
    ]
    assert sniff(path.read_bytes())
    assert not sniff(b"data_\nloop_\n_rlnTomoName\n_rlnCoordinateX\n")
