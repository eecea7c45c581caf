"""copick's picks: ångström, a run a folder, orientations that may mean nothing."""

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
from nunatak.picks.formats.tomograms.copick_json import FORMAT
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import ANGLE_COLUMNS, PickSet

SPACING_A = 10.012444196428572
"""Of the CZII tomograms, which copick calls 10."""

SHAPES = {"rec/TS_5_4.mrc": (61, 107, 83), "rec/TS_6_4.mrc": (92, 315, 211)}
KNOWN = FormatContext(images=ImageCatalogue(SHAPES, pixel_size_A=SPACING_A))
IDENTITY = np.eye(4).tolist()


def a_file(folder: Path, *, name: str = "curation_0_ribosome.json", **changes: object) -> Path:
    """Write a file as copick does, with some keys changed or, by ``...``, left out."""
    point = {
        "location": {"x": 100.0, "y": 200.0, "z": 300.0},
        "transformation_": IDENTITY,
        "instance_id": 0,
        "score": 1.0,
    }
    content = {
        "pickable_object_name": "ribosome",
        "user_id": "curation",
        "session_id": "0",
        "run_name": "TS_5_4",
        "voxel_spacing": 10.0,
        "unit": "angstrom",
        "points": [point],
        "trust_orientation": False,
    } | changes
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))
    return path


def point(**changes: object) -> dict[str, object]:
    return {"location": {"x": 1.0, "y": 2.0, "z": 3.0}, "transformation_": IDENTITY} | changes


def picks_of(n: int, rng: np.random.Generator, *, angles: bool = True) -> PickSet:
    """Draw picks of three classes, beyond the edges too."""
    images = rng.choice(list(SHAPES), n)
    extents = np.array([SHAPES[image][::-1] for image in images]).reshape(-1, 3)
    xyz = rng.uniform(-5, extents + 5)
    table = pd.DataFrame(
        {
            "image": images,
            **dict(zip(("x_px", "y_px", "z_px"), xyz.T, strict=True)),
            "class_name": rng.choice(["apo-ferritin", "80S", "x.y"], n),
            "score": rng.normal(size=n),
            "instance_id": rng.integers(0, 3, n),
        }
    )
    if angles:
        given = rotations.to_relion(Rotation.random(n, random_state=rng))
        table[list(ANGLE_COLUMNS)] = given
    return PickSet(table)


def read_all(files: list[Path], context: FormatContext) -> pd.DataFrame:
    tables = [FORMAT.read(file, context).table for file in files]
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


def assert_same(before: PickSet, after: pd.DataFrame) -> None:
    keys = ["image", "class_name", "score"]
    one = before.table.sort_values(keys, ignore_index=True)
    two = after.reindex(columns=before.table.columns).sort_values(keys, ignore_index=True)
    assert one[keys].equals(two[keys])
    assert one["instance_id"].tolist() == two["instance_id"].fillna(0).tolist()
    xyz = ["x_px", "y_px", "z_px"]
    np.testing.assert_allclose(two[xyz], one[xyz], rtol=0, atol=1e-9)
    if before.has_angles:
        first, second = (
            rotations.from_relion(table[list(ANGLE_COLUMNS)]).as_matrix() for table in (one, two)
        )
        np.testing.assert_allclose(second, first, rtol=0, atol=1e-6)


grids = st.builds(
    FileGrid.binned, st.sampled_from([1.0, 2.0, 383 / 95, 0.5]), st.sampled_from(GridRule)
)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12), grid=grids, angles=st.booleans())
def test_picks_survive(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n: int, grid: FileGrid, angles: bool
) -> None:
    folder = tmp_path_factory.mktemp("project")
    picks = picks_of(n, np.random.default_rng(seed), angles=angles)
    context = FormatContext(images=KNOWN.images, grid=grid)
    back = read_all(FORMAT.write(picks, folder, context), context)
    assert_same(picks, back)
    assert back["pixel_size_A"].tolist() == [SPACING_A] * n
    assert PickSet(back).has_angles == angles


def test_the_spacing_that_is_written_reads_back(tmp_path: Path, rng: np.random.Generator) -> None:
    picks = picks_of(9, rng)
    grid = FileGrid.binned(3)
    files = FORMAT.write(picks, tmp_path, FormatContext(images=KNOWN.images, grid=grid))
    stated = {json.loads(file.read_text())["voxel_spacing"] for file in files}
    assert stated == {3 * SPACING_A}
    without_images = FormatContext(grid=grid)
    back = read_all(files, without_images)
    assert_same(
        PickSet(picks.table.assign(image=picks.table["image"].str.slice(4, -4))),
        back,
    )
    assert back["pixel_size_A"].tolist() == pytest.approx([SPACING_A] * 9, rel=1e-14)


def test_the_tomograms_voxels_go_before_the_files(tmp_path: Path) -> None:
    far = point(location={"x": 6300.0, "y": 0.0, "z": 10.012444196428572})
    path = a_file(tmp_path, points=[far])
    picks = FORMAT.read(path, KNOWN)
    assert picks.table["x_px"][0] == pytest.approx(6300 / SPACING_A)
    assert picks.table["z_px"][0] == pytest.approx(1.0)
    assert picks.notes == []
    own = FORMAT.read(path, FormatContext())
    assert own.table["x_px"][0] == 630.0
    assert own.table["pixel_size_A"][0] == 10.0
    assert "by the file's own spacing of 10 Å, which copick may have rounded" in own.notes[0]


def test_the_first_voxels_centre_is_zero(tmp_path: Path) -> None:
    path = a_file(tmp_path, points=[point(location={"x": 0, "y": 0, "z": 0})])
    assert FORMAT.read(path, KNOWN).positions_px.tolist() == [[0, 0, 0]]


def test_picks_on_averaged_voxels_count_from_their_centres(tmp_path: Path) -> None:
    path = a_file(tmp_path, points=[point(location={"x": 0, "y": 20 * SPACING_A, "z": 0})])
    grid = FileGrid.binned(2, GridRule.MEAN)
    picks = FORMAT.read(path, FormatContext(images=KNOWN.images, grid=grid))
    np.testing.assert_allclose(picks.positions_px, [[0.5, 20.5, 0.5]], atol=1e-12)


def test_other_voxels_than_the_tomograms_are_said(tmp_path: Path) -> None:
    picks = FORMAT.read(a_file(tmp_path, voxel_spacing=20.0), KNOWN)
    assert picks.table["x_px"][0] == pytest.approx(100 / SPACING_A)
    assert "states voxels of 20 Å, but those of rec/TS_5_4.mrc have 10.012 Å" in picks.notes[0]


def test_kaggles_files(tmp_path: Path) -> None:
    bare = point(instance_id=0)
    path = a_file(
        tmp_path / "ExperimentRuns/TS_6_4/Picks",
        name="ribosome.json",
        run_name="TS_6_4",
        voxel_spacing=None,
        points=[bare, bare],
        trust_orientation=...,
    )
    with pytest.raises(Mismatch, match=r"the voxel size of TS_6_4 is not known. Give --pixel-size"):
        FORMAT.read(path, FormatContext())
    picks = FORMAT.read(path, KNOWN)
    columns = ["image", "x_px", "y_px", "z_px", "class_name", "pixel_size_A"]
    assert list(picks.table) == columns
    assert picks.table["image"].tolist() == ["rec/TS_6_4.mrc"] * 2
    assert picks.notes == []


def test_the_transformation_moves_the_particle(tmp_path: Path) -> None:
    shifted = np.eye(4)
    shifted[:3, 3] = [10, -20, 30]
    path = a_file(tmp_path, points=[point(transformation_=shifted.tolist())])
    picks = FORMAT.read(path, FormatContext())
    np.testing.assert_allclose(picks.positions_px, [[1.1, -1.8, 3.3]])
    assert not picks.has_angles


def test_the_transformation_turns_the_object_into_place(tmp_path: Path) -> None:
    # A particle whose own z points along the tomogram's x.
    turned = [[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]
    path = a_file(tmp_path, points=[point(transformation_=turned)], trust_orientation=True)
    table = FORMAT.read(path, FormatContext()).table
    rotation = rotations.from_relion(table[list(ANGLE_COLUMNS)])
    np.testing.assert_allclose(rotation.apply([0, 0, 1]), [[1, 0, 0]], atol=1e-12)


@pytest.mark.parametrize(
    ("trusted", "turned", "known", "note"),
    [
        (False, False, False, None),
        (..., False, False, None),
        (True, False, False, "1 orientation that all are the identity"),
        (False, True, False, "says not to trust its orientations"),
        (..., True, True, None),
        (True, True, True, None),
    ],
)
def test_which_orientations_are_believed(
    tmp_path: Path, trusted: object, turned: bool, known: bool, note: str | None
) -> None:
    matrix = np.eye(4)
    if turned:
        matrix[:3, :3] = Rotation.from_euler("z", 30, degrees=True).as_matrix()
    one = point(transformation_=matrix.tolist())
    picks = FORMAT.read(a_file(tmp_path, points=[one], trust_orientation=trusted), KNOWN)
    assert picks.has_angles == known
    assert note is None or note in picks.notes[0]
    assert len(picks.notes) == (note is not None)


def test_missing_scores_stay_unknown(tmp_path: Path) -> None:
    path = a_file(tmp_path, points=[point(score=0.5), point(), point(score=None)])
    picks = FORMAT.read(path, KNOWN)
    np.testing.assert_array_equal(picks.table["score"], [0.5, np.nan, np.nan])
    (written,) = FORMAT.write(picks, tmp_path / "out", KNOWN)
    points = json.loads(written.read_text())["points"]
    assert ["score" in one for one in points] == [True, False, False]


def test_layout_and_keys_are_copicks(tmp_path: Path, rng: np.random.Generator) -> None:
    picks = picks_of(1, rng)
    picks = PickSet(picks.table.assign(image="rec/TS_5_4.mrc", class_name="80S"))
    (file,) = FORMAT.write(picks, tmp_path, KNOWN)
    assert file == tmp_path / "ExperimentRuns/TS_5_4/Picks/nunatak_0_80S.json"
    content = json.loads(file.read_text())
    (only,) = content.pop("points")
    assert content == {
        "pickable_object_name": "80S",
        "user_id": "nunatak",
        "session_id": "0",
        "run_name": "TS_5_4",
        "voxel_spacing": SPACING_A,
        "unit": "angstrom",
        "trust_orientation": True,
    }
    assert sorted(only) == ["instance_id", "location", "score", "transformation_"]
    assert np.array(only["transformation_"])[3].tolist() == [0, 0, 0, 1]
    assert isinstance(only["instance_id"], int)


def test_runs_without_picks_say_that_they_were_searched(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    table = picks_of(3, rng).table.assign(image="rec/TS_5_4.mrc", class_name="80S")
    files = FORMAT.write(PickSet(table, images=tuple(SHAPES)), tmp_path, KNOWN)
    assert [len(FORMAT.read(file, KNOWN)) for file in files] == [3, 0]
    empty = FORMAT.read(files[1], FormatContext())
    assert (empty.ndim, empty.images) == (3, ("TS_6_4",))
    nothing = PickSet(table[:0], images=("rec/TS_5_4.mrc",))
    (file,) = FORMAT.write(nothing, tmp_path, FormatContext())
    assert file.name == "nunatak_0_particle.json"
    assert len(FORMAT.read(file, FormatContext())) == 0


def test_tomograms_of_a_project_are_known_by_their_run(tmp_path: Path) -> None:
    of_one, of_two = (
        f"p/ExperimentRuns/TS_{run}/VoxelSpacing10.012/wbp.zarr" for run in ("5_4", "6_4")
    )
    images = ImageCatalogue({of_one: (9, 9, 9), of_two: (9, 9, 9)}, pixel_size_A=10)
    context = FormatContext(images=images)
    path = a_file(tmp_path / "ExperimentRuns/TS_6_4/Picks", run_name=None)
    picks = FORMAT.read(path, context)
    assert picks.images == (of_two,)
    (written,) = FORMAT.write(picks, tmp_path / "out", context)
    assert written.parent == tmp_path / "out/ExperimentRuns/TS_6_4/Picks"


def test_a_run_of_two_tomograms_is_refused(tmp_path: Path) -> None:
    names = [f"p/ExperimentRuns/TS_5_4/VoxelSpacing10.012/{kind}.zarr" for kind in ("wbp", "iso")]
    images = ImageCatalogue(dict.fromkeys(names, (9, 9, 9)))
    with pytest.raises(Mismatch, match="run TS_5_4 has 2 tomograms"):
        FORMAT.read(a_file(tmp_path), FormatContext(images=images))
    table = pd.DataFrame({"image": names, "x_px": 1.0, "y_px": 1.0, "z_px": 1.0})
    with pytest.raises(Mismatch, match="different tomograms, but the run is TS_5_4"):
        FORMAT.write(PickSet(table.assign(pixel_size_A=10.0)), tmp_path / "out", FormatContext())


def test_the_folder_says_the_run(tmp_path: Path) -> None:
    path = a_file(tmp_path / "TS_6_4/Picks", run_name="TS_5_4")
    picks = FORMAT.read(path, KNOWN)
    assert picks.images == ("rec/TS_6_4.mrc",)
    assert "states run TS_5_4, but lies in the folder of run TS_6_4" in picks.notes[0]
    lost = a_file(tmp_path, run_name=None)
    with pytest.raises(FormatError, match=r"run_name: neither the name of its run.*--image"):
        FORMAT.read(lost, KNOWN)
    named = FormatContext(images=KNOWN.images, image="rec/TS_5_4.mrc")
    assert FORMAT.read(lost, named).images == ("rec/TS_5_4.mrc",)


def test_one_run_and_object_may_have_a_file_of_any_name(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    table = picks_of(4, rng).table.assign(image="rec/TS_5_4.mrc")
    target = tmp_path / "picks.json"
    (file,) = FORMAT.write(PickSet(table.assign(class_name="80S")), target, KNOWN)
    assert file == target
    assert FORMAT.read(target, KNOWN).images == ("rec/TS_5_4.mrc",)
    with pytest.raises(UsageError, match=r"there are 2 pairs of these. Name a folder"):
        FORMAT.write(PickSet(table.assign(class_name=["a", "b"] * 2)), target, KNOWN)
    with pytest.raises(UsageError, match="exists already"):
        FORMAT.write(
            PickSet(table.assign(class_name="80S")), target, FormatContext(overwrite=False)
        )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("beta_galactosidase", "to 'beta-galactosidase', for instance"),
        ("80 S", "to '80-S'"),
        ("a/b", "to 'a-b'"),
        ("-x", "to 'x'"),
        ("__", "to one with letters or digits"),
    ],
)
def test_names_that_copick_refuses(
    tmp_path: Path, rng: np.random.Generator, name: str, hint: str
) -> None:
    picks = PickSet(picks_of(2, rng).table.assign(class_name=name))
    with pytest.raises(BadInput) as caught:
        FORMAT.write(picks, tmp_path, KNOWN)
    assert f"copick takes no object named {name!r}" in str(caught.value)
    assert hint in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_half_known_orientations_are_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    table = picks_of(3, rng).table.assign(image="rec/TS_5_4.mrc", class_name="80S")
    table.loc[1, list(ANGLE_COLUMNS)] = np.nan
    with pytest.raises(BadInput, match="1 of 3 picks of 80S have no orientation"):
        FORMAT.write(PickSet(table), tmp_path, KNOWN)


def test_a_voxel_size_is_needed_for_writing(tmp_path: Path, rng: np.random.Generator) -> None:
    picks = picks_of(2, rng)
    with pytest.raises(Mismatch, match="written in ångström, and the voxel size of rec/TS_"):
        FORMAT.write(picks, tmp_path, FormatContext())
    two = picks.table.assign(image="rec/TS_5_4.mrc", pixel_size_A=[5.0, 6.0])
    with pytest.raises(Mismatch, match="gives it voxels of 5 and of 6 Å"):
        FORMAT.write(PickSet(two), tmp_path, FormatContext())


def test_positions_are_rounded_to_voxels_if_asked(tmp_path: Path, rng: np.random.Generator) -> None:
    picks = picks_of(5, rng)
    context = FormatContext(images=KNOWN.images, round_coordinates=True)
    back = read_all(FORMAT.write(picks, tmp_path, context), KNOWN)[["x_px", "y_px", "z_px"]]
    np.testing.assert_allclose(back, back.round(), atol=1e-9)


def test_instances_are_whole_numbers(tmp_path: Path, rng: np.random.Generator) -> None:
    picks = PickSet(picks_of(2, rng).table.assign(instance_id=["1", "one"]))
    with pytest.raises(BadInput, match=r"instance_id of the pick table holds 'one' \(row 2\)"):
        FORMAT.write(picks, tmp_path, KNOWN)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unit": "pixel"}, "unit: 'pixel' where 'angstrom' was expected"),
        ({"unit": 3}, "unit: 3 where text was expected"),
        ({"pickable_object_name": ...}, "pickable_object_name: no name of an object"),
        ({"pickable_object_name": ""}, "pickable_object_name: no name of an object"),
        ({"points": ...}, "points: no list of points"),
        ({"points": {"x": 1}}, "points: {'x': 1} where a list was expected"),
        ({"points": [[1, 2, 3]]}, "points[0]: [1, 2, 3] where"),
        ({"points": [{}]}, "points[0]: {} where"),
        (
            {"points": [point(), point(location={"x": 1, "y": 2})]},
            "points[1].location.z: nothing where a finite number was expected",
        ),
        (
            {"points": [point(location={"x": "1.0", "y": 2, "z": 3})]},
            "points[0].location.x: '1.0' where a finite number was expected",
        ),
        ({"points": [point(location={"x": True, "y": 2, "z": 3})]}, "location.x: True where"),
        ({"points": [point(location={"x": 10**400, "y": 2, "z": 3})]}, "location.x: 1000"),
        ({"points": [point(transformation_=None)]}, "None where 4 rows of 4 numbers"),
        ({"points": [point(transformation_=IDENTITY[:3])]}, "where 4 rows of 4 numbers"),
        (
            {"points": [point(transformation_=np.diag([1, 1, 1, 2]).tolist())]},
            "points[0].transformation_: a last row that is not 0, 0, 0, 1",
        ),
        (
            {"points": [point(transformation_=np.diag([1, 1, -1, 1]).tolist())]},
            "points[0].transformation_: a matrix that mirrors where a rotation was expected",
        ),
        (
            {"points": [point(transformation_=np.diag([2, 2, 2, 1]).tolist())]},
            "a matrix that stretches or skews where a rotation was expected",
        ),
        ({"points": [point(score="high")]}, "points[0].score: 'high' where a finite number"),
        ({"points": [point(instance_id=1.5)]}, "points[0].instance_id: 1.5 where a whole number"),
        ({"voxel_spacing": 0}, "voxel_spacing: 0 Å is no voxel size"),
        ({"voxel_spacing": "10"}, "voxel_spacing: '10' where a finite number"),
        ({"run_name": 5}, "run_name: 5 where text was expected"),
        ({"trust_orientation": "yes"}, "trust_orientation: 'yes' is not true or false"),
        ({"points": [point(location={"x": float("nan"), "y": 2, "z": 3})]}, "NaN, which is not"),
    ],
)
def test_damage_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    path = a_file(tmp_path, **changes)
    with pytest.raises(FormatError) as caught:
        FORMAT.read(path, KNOWN)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_cut_off_file_is_named(tmp_path: Path) -> None:
    path = a_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FormatError, match="not JSON"):
        FORMAT.read(path, KNOWN)


def test_files_are_known_by_their_keys(tmp_path: Path) -> None:
    assert FORMAT.sniff(a_file(tmp_path).read_bytes())
    assert not FORMAT.sniff(b'{"pickable_objects": [{"name": "ribosome"}], "overlay_root": "x"}')
    assert not FORMAT.sniff(b'[{"pickable_object_name": 1}]')
