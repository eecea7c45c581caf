"""Points of the CZ portal: voxels, matrices, and names that only the folders say."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from nunatak import rotations
from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.formats.tomograms.portal_ndjson import FORMAT
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import ANGLE_COLUMNS, PickSet

SHAPES = {"rec/TS_1.mrc": (61, 107, 83), "rec/TS_2.mrc": (92, 315, 211)}
KNOWN = FormatContext(images=ImageCatalogue(SHAPES))
AT = {"location": {"x": 1, "y": 2.5, "z": 3}}
MATRIX = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
"""Turns z into x."""


def a_file(folder: Path, *lines: object, name: str = "cytosolic_ribosome-1.0_point.ndjson") -> Path:
    path = folder / "TS_1/Reconstructions/VoxelSpacing10.012/Annotations/101" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines))
    return path


def picks_of(n: int, rng: np.random.Generator) -> PickSet:
    """Draw picks of which some have no orientation, some no instance and some neither."""
    images = rng.choice(list(SHAPES), n)
    extents = np.array([SHAPES[image][::-1] for image in images]).reshape(-1, 3)
    xyz = rng.uniform(-5, extents + 5)
    table = pd.DataFrame(
        {
            "image": images,
            **dict(zip(("x_px", "y_px", "z_px"), xyz.T, strict=True)),
            "class_name": rng.choice(["beta-amylase", "80 S", "a_b-1.0_c"], n),
            "instance_id": rng.integers(0, 3, n),
        }
    )
    given = rotations.to_relion(Rotation.random(n, random_state=rng))
    given[rng.random(n) < 0.4] = np.nan
    table[list(ANGLE_COLUMNS)] = given
    return PickSet(table)


grids = st.builds(
    FileGrid,
    st.sampled_from([1.0, 2.0, 83 / 41]),
    st.sampled_from([1.0, 2.0, 107 / 53]),
    st.sampled_from(GridRule),
    ratio_z=st.sampled_from([1.0, 2.0, 61 / 30]),
)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12), grid=grids)
def test_picks_survive(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n: int, grid: FileGrid
) -> None:
    picks = picks_of(n, np.random.default_rng(seed))
    context = FormatContext(images=KNOWN.images, grid=grid)
    files = FORMAT.write(picks, tmp_path_factory.mktemp("portal"), context)
    tables = [FORMAT.read(file, context).table for file in files]
    after = pd.concat([table for table in tables if len(table)], ignore_index=True)
    one, two = (t.sort_values(["image", "x_px"], ignore_index=True) for t in (picks.table, after))
    assert one[["image", "class_name"]].equals(two[["image", "class_name"]])
    xyz = ["x_px", "y_px", "z_px"]
    np.testing.assert_allclose(two[xyz], one[xyz], rtol=0, atol=1e-9)
    two = two.reindex(columns=one.columns)
    assert one["instance_id"].tolist() == two["instance_id"].fillna(0).tolist()
    known = one["rot_deg"].notna()
    assert known.equals(two["rot_deg"].notna())
    angles = list(ANGLE_COLUMNS)
    if known.any():
        first, second = (
            rotations.from_relion(t.loc[known, angles]).as_matrix() for t in (one, two)
        )
        np.testing.assert_allclose(second, first, rtol=0, atol=1e-6)


def test_positions_are_voxels_from_the_first_centre(tmp_path: Path) -> None:
    path = a_file(tmp_path, {"type": "point", **AT}, "", {"type": "point", **AT})
    picks = FORMAT.read(path, KNOWN)
    assert picks.positions_px.tolist() == [[1, 2.5, 3]] * 2
    assert picks.table["image"].tolist() == ["rec/TS_1.mrc"] * 2
    assert picks.table["class_name"].tolist() == ["cytosolic_ribosome"] * 2
    assert not picks.has_angles


def test_the_portals_own_example(tmp_path: Path) -> None:
    # RELION's angles 90, 45, 180 and the matrix that the portal's tests expect of them.
    half = 0.7071067811865475
    matrix = [[0, -half, half], [1, 0, 0], [0, half, half]]
    line = {"type": "orientedPoint", **AT, "xyz_rotation_matrix": matrix}
    table = FORMAT.read(a_file(tmp_path, line), KNOWN).table
    read = rotations.from_relion(table[list(ANGLE_COLUMNS)]).as_matrix()[0]
    np.testing.assert_allclose(read, rotations.from_relion([90, 45, 180]).as_matrix()[0], atol=1e-9)


def test_the_matrix_is_not_transposed(tmp_path: Path) -> None:
    line = {"type": "orientedPoint", **AT, "xyz_rotation_matrix": MATRIX}
    picks = FORMAT.read(a_file(tmp_path, line), KNOWN)
    turned = rotations.from_relion(picks.table[list(ANGLE_COLUMNS)])
    np.testing.assert_allclose(turned.apply([0, 0, 1]), [[1, 0, 0]], atol=1e-12)
    (file,) = FORMAT.write(picks, tmp_path / "out", KNOWN)
    written = json.loads(file.read_text())["xyz_rotation_matrix"]
    np.testing.assert_allclose(written, MATRIX, atol=1e-12)


def test_each_type_of_point_has_its_file(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": "rec/TS_1.mrc", "x_px": [1.0, 2, 3], "y_px": 0.0, "z_px": 5.5})
    table["instance_id"] = [0, 7, 0]
    table[list(ANGLE_COLUMNS)] = [[np.nan] * 3, [np.nan] * 3, [0, 0, 0]]
    files = FORMAT.write(PickSet(table), tmp_path, KNOWN)
    contents = {file.relative_to(tmp_path).as_posix(): file.read_text() for file in files}
    where = "TS_1/Annotations/100/particle-1.0_"
    assert list(contents) == [
        f"{where}{ending}.ndjson" for ending in ("point", "instancesegmentation", "orientedpoint")
    ]
    assert contents[f"{where}point.ndjson"] == (
        '{"type": "point", "location": {"x": 1.0, "y": 0.0, "z": 5.5}}\n'
    )
    assert contents[f"{where}instancesegmentation.ndjson"] == (
        '{"type": "instancePoint", "location": {"x": 2.0, "y": 0.0, "z": 5.5}, "instance_id": 7}\n'
    )
    oriented = json.loads(contents[f"{where}orientedpoint.ndjson"])
    assert (oriented["type"], oriented["xyz_rotation_matrix"]) == (
        "orientedPoint",
        np.eye(3).tolist(),
    )


def test_runs_and_objects_without_picks_have_empty_files(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["rec/TS_1.mrc"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    picks = PickSet(table.assign(class_name="80S"), images=tuple(SHAPES))
    files = FORMAT.write(picks, tmp_path, KNOWN)
    read = [FORMAT.read(file, KNOWN) for file in files]
    assert [(one.images, len(one), one.ndim) for one in read] == [
        (("rec/TS_1.mrc",), 1, 3),
        (("rec/TS_2.mrc",), 0, 3),
    ]


@pytest.mark.parametrize(
    ("below", "run", "name"),
    [
        (
            "TS_2/Reconstructions/VoxelSpacing4.990/Annotations/101/pp7_vlp-1.0_point.ndjson",
            "TS_2",
            "pp7_vlp",
        ),
        ("TS_2/Tomograms/VoxelSpacing13.480/Annotations/101-80S-1.0_point.ndjson", "TS_2", "80S"),
        ("TS_2/Annotations/100/80-S-2.1_orientedpoint.ndjson", "TS_2", "80-S"),
        ("TS_2/Annotations/mine.ndjson", "TS_2", None),
    ],
)
def test_folders_and_file_names(tmp_path: Path, below: str, run: str, name: str | None) -> None:
    path = tmp_path / below
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"type": "point", **AT}))
    picks = FORMAT.read(path, FormatContext())
    assert picks.images == (run,)
    found = picks.table["class_name"].tolist() if "class_name" in picks.table else [None]
    assert found == [name]


def test_a_file_that_lies_anywhere_must_be_told_its_tomogram(tmp_path: Path) -> None:
    path = tmp_path / "a-1.0_point.ndjson"
    path.write_text(json.dumps({"type": "point", **AT}))
    with pytest.raises(
        FormatError,
        match=r"which run it belongs to. Name the tomogram in .* \(--image\)",
    ):
        FORMAT.read(path, KNOWN)
    named = FormatContext(images=KNOWN.images, image="rec/TS_2.mrc")
    assert FORMAT.read(path, named).images == ("rec/TS_2.mrc",)


def test_unknown_runs_are_refused(tmp_path: Path) -> None:
    path = a_file(tmp_path, {"type": "point", **AT})
    with pytest.raises(Mismatch, match="TS_1 fits none of the 1 images"):
        FORMAT.read(path, FormatContext(images=ImageCatalogue({"rec/TS_2.mrc": (9, 9, 9)})))


def test_what_cannot_be_written(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a/TS_1.mrc"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    with pytest.raises(UsageError, match=r"known by the folders they lie in. Name a folder"):
        FORMAT.write(PickSet(table), tmp_path / "a.ndjson", FormatContext())
    with pytest.raises(BadInput, match="Class 'a/b' cannot be part of a file name"):
        FORMAT.write(PickSet(table.assign(class_name="a/b")), tmp_path, FormatContext())
    FORMAT.write(PickSet(table), tmp_path, FormatContext())
    with pytest.raises(UsageError, match="exists already"):
        FORMAT.write(PickSet(table), tmp_path, FormatContext(overwrite=False))
    twins = PickSet(table, images=("b/TS_1.mrc",))
    with pytest.raises(Mismatch, match="the run is TS_1 for all"):
        FORMAT.write(twins, tmp_path, FormatContext())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"type": "point", "location": {"x": 1', "line 2: not JSON"),
        ("[1, 2, 3]", "line 2: [1, 2, 3] where an object was expected"),
        ("[" * 100_000, "line 2: not readable as JSON"),
        ({"type": "point"}, 'where {"location": {"x", "y", "z"}} was expected'),
        ({"type": "point", "location": {"x": 1, "y": 2}}, "line 2, location.z: nothing where"),
        (
            {"type": "point", "location": {"x": "1", "y": 2, "z": 3}},
            "line 2, location.x: '1' where a finite number was expected",
        ),
        ('{"type": "point", "location": {"x": NaN, "y": 2, "z": 3}}', "line 2: NaN, which is not"),
        ({"type": "sphere", **AT}, "line 2, type: 'sphere' where point, orientedPoint"),
        ({**AT}, "line 2, type: None where point"),
        ({"type": "orientedPoint", **AT}, "xyz_rotation_matrix: an orientedPoint without its"),
        ({"type": "instancePoint", **AT}, "instance_id: an instancePoint without its instance_id"),
        (
            {"type": "orientedPoint", **AT, "xyz_rotation_matrix": [[1, 0], [0, 1]]},
            "[[1, 0], [0, 1]] where 3 rows of 3 numbers were expected",
        ),
        (
            {"type": "orientedPoint", **AT, "xyz_rotation_matrix": np.diag([1, -1, 1]).tolist()},
            "a matrix that mirrors where a rotation was expected",
        ),
        ({"type": "instancePoint", **AT, "instance_id": "a"}, "'a' where a whole number"),
    ],
)
def test_damage_is_named(tmp_path: Path, line: object, message: str) -> None:
    path = a_file(tmp_path, {"type": "point", **AT}, line)
    with pytest.raises(FormatError) as caught:
        FORMAT.read(path, KNOWN)
    assert str(caught.value).startswith(f"{path}, line 2")
    assert message in str(caught.value)


def test_files_are_known_by_their_first_line(tmp_path: Path) -> None:
    assert FORMAT.sniff(a_file(tmp_path, {"type": "instancePoint", **AT}).read_bytes())
    assert not FORMAT.sniff(b'{"type": "Feature", "location": 3}')
    assert not FORMAT.sniff(b"")


def test_the_folder_states_the_voxels_that_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "TS_1" / "Reconstructions" / "VoxelSpacing5.000" / "Annotations" / "101"
    folder.mkdir(parents=True)
    path = folder / "ribosome-1.0_point.ndjson"
    path.write_text('{"type": "point", "location": {"x": 40, "y": 30, "z": 20}}\n')
    alone = FORMAT.read(path, FormatContext())
    assert alone.table["pixel_size_A"].tolist() == [5.0]
    assert alone.positions_px.tolist() == [[40, 30, 20]]
    images = ImageCatalogue({"TS_1.mrc": (50, 60, 70)}, pixel_size_A=10.0)
    binned = FORMAT.read(path, FormatContext(images=images))
    assert binned.positions_px.tolist() == [[20, 15, 10]]
    assert "became voxels of 10 Å" in binned.notes[0]


def test_the_spacing_is_written_where_it_is_known(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": list(SHAPES), "x_px": 40.0, "y_px": 30.0, "z_px": 20.0})
    table["pixel_size_A"] = [10.012444, np.nan]
    name = "Annotations/100/particle-1.0_point.ndjson"
    where = [f"TS_1/Reconstructions/VoxelSpacing10.012/{name}", f"TS_2/{name}"]
    files = FORMAT.write(PickSet(table), tmp_path, FormatContext())
    assert [file.relative_to(tmp_path).as_posix() for file in files] == where
    finer = ImageCatalogue(SHAPES, pixel_size_A=5.006)
    files = FORMAT.write(PickSet(table), tmp_path, FormatContext(images=finer))
    assert "VoxelSpacing5.006" in files[0].parts


def test_tomograms_of_another_size_have_the_same_places(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["rec/TS_1.mrc"], "x_px": 40.0, "y_px": 30.0, "z_px": 20.0})
    table["pixel_size_A"] = 10.012
    write_picks(PickSet(table), tmp_path, "cz-ndjson")
    finer = ImageCatalogue({"rec/TS_1.mrc": (122, 214, 166)}, pixel_size_A=5.006)
    picks = read_picks(tmp_path, images=finer)
    np.testing.assert_allclose(picks.positions_px, [[80, 60, 40]])
    assert "became voxels of 5.006 Å" in picks.notes[0]


def test_binned_voxels_have_their_own_spacing(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["rec/TS_1.mrc"], "x_px": 40.0, "y_px": 30.0, "z_px": 20.0})
    stored = ImageCatalogue({"rec/TS_1.mrc": SHAPES["rec/TS_1.mrc"]}, pixel_size_A=5.0)
    write_picks(PickSet(table), tmp_path, "cz-ndjson", images=stored, grid=FileGrid.binned(2.0))
    (file,) = tmp_path.rglob("*.ndjson")
    assert "VoxelSpacing10.000" in file.parts
    for grid in (None, FileGrid.binned(2.0)):
        back = read_picks(tmp_path, images=stored, grid=grid)
        np.testing.assert_allclose(back.positions_px, [[40, 30, 20]])


def test_tomograms_that_are_not_given_are_written_without_a_spacing(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["rec/TS_3.mrc"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    (file,) = FORMAT.write(PickSet(table), tmp_path, KNOWN)
    assert file.relative_to(tmp_path).parts[:2] == ("TS_3", "Annotations")
