"""Where picks go: what a run may replace, and what it finds out before its work."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from nunatak.detection.foreseen import Foreseen
from nunatak.detection.output import Output
from nunatak.detection.record import record_path
from nunatak.errors import BadInput, Mismatch, ResourceError, UsageError
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts

TOMOGRAMS = ("t/TS_01.mrc", "t/TS_02.mrc")
SIZE_A = 10.0
SETTINGS = {"contrast": "dark"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(
    path: str | Path,
    to: str,
    *,
    redo: bool = False,
    settings: dict[str, object] = SETTINGS,
    images: tuple[str, ...] = TOMOGRAMS,
    class_name: str = "ribosome",
    facts: TomogramFacts | None = None,
) -> Output:
    output = Output.named(Path(path), to, selected_only=False, ndim=3)
    foreseen = Foreseen(dict.fromkeys(images, SIZE_A), [class_name], ndim=3)
    output.check(settings, images=images, foreseen=foreseen, redo=redo, facts=facts)
    return output


def written(
    output: Output,
    *,
    score: float = 0.5,
    images: tuple[str, ...] = TOMOGRAMS,
    empty: tuple[str, ...] = (),
    facts: TomogramFacts | None = None,
) -> None:
    """Write a pick in the middle voxel of each tomogram of 64 x 60 x 30 that is not empty."""
    filled = [image for image in images if image not in empty]
    table = pd.DataFrame({"image": filled, "x_px": 32.0, "y_px": 30.0, "z_px": 15.0})
    columns = {"class_name": "ribosome", "diameter_A": 250.0, "pixel_size_A": SIZE_A}
    picks = PickSet(table.assign(score=score, selected=True, **columns), images=images)
    output.write_all(
        picks,
        {"settings": SETTINGS},
        shapes=dict.fromkeys(images, (30, 60, 64)),
        diameter_A=250.0,
        pixel_sizes_A=dict.fromkeys(images, SIZE_A),
        facts=facts,
    )


def info_file(name: str, **content: object) -> Path:
    path = Path("info") / f"{name}_info.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def files(folder: str | Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in Path(folder).rglob("*") if one.is_file()}


@pytest.mark.parametrize("redo", [False, True])
def test_labels_of_people_are_never_replaced(redo: bool) -> None:
    info_file("TS_01", boxes_3d=[[1, 2, 3, "manual", 0.0, 0]])
    table = pd.DataFrame({"image": ["t/TS_02.mrc"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    write_picks(PickSet(table), "mod", "imod")
    write_picks(PickSet(table), "TS_02.mod", "imod")
    before = files(".")
    for path, to, images in (
        ("info", "eman2-3d", TOMOGRAMS),
        ("mod", "imod", TOMOGRAMS),
        ("TS_02.mod", "imod", TOMOGRAMS[1:]),
    ):
        with pytest.raises(UsageError) as caught:
            checked(path, to, redo=redo, images=images)
        assert "exists, and nothing says that 'nunatak pick' wrote it" in str(caught.value)
        assert "not even by --redo. Move it away, or choose another output" in str(caught.value)
    assert files(".") == before


def test_labels_that_were_saved_during_the_work_are_not_replaced() -> None:
    output = checked("info", "eman2-3d")
    labels = info_file("TS_02", boxes_3d=[[1, 2, 3, "manual", 0.0, 0]])
    before = labels.read_bytes()
    with pytest.raises(UsageError, match="Move it away, and give the same command again"):
        written(output)
    assert labels.read_bytes() == before
    assert not (labels.with_name("TS_01_info.json")).exists()


def test_boxes_go_into_the_files_of_an_eman2_project() -> None:
    """Which count unbinned pixels from the middle: the voxel size is known from the run."""
    for name in ("TS_01", "TS_02"):
        info_file(name, apix_unbin=2.5, tlt_file="raw.hdf")
    written(checked("info", "eman2-3d"))
    content = json.loads(Path("info/TS_02_info.json").read_text())
    assert content["boxes_3d"][0][:3] == [0.0, 0.0, 0.0]
    assert content["tlt_file"] == "raw.hdf"
    # Its own boxes it replaces, by others; boxes that a person has corrected it does not.
    written(checked("info", "eman2-3d"), score=0.75)
    info_file("TS_01", **{**content, "boxes_3d": [[1, 2, 3, "manual", 0.0, 0]]})
    with pytest.raises(UsageError, match=r"TS_01_info\.json was changed after 'nunatak pick'"):
        checked("info", "eman2-3d", redo=True)


def test_a_copick_project_is_filled_beside_what_others_keep_there(here: Path) -> None:
    run = Path("project/ExperimentRuns/TS_01")
    others = [run / "VoxelSpacing10.000/wbp.zarr/.zattrs", run / "Picks/alice_1_ribosome.json"]
    for path in others:
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    output = checked("project", "copick")  # a journal may lie there, a record does not
    written(output)
    others[0].write_text('{"changed": 1}')
    (run / "Picks/bob_1_ribosome.json").write_text("{}")
    written(checked("project", "copick"), score=0.75)  # another threshold, for instance
    own = run / "Picks/nunatak_0_ribosome.json"
    assert json.loads(own.read_text())["points"][0]["score"] == 0.75
    assert others[1].read_text() == "{}"

    with pytest.raises(UsageError, match=r"other settings .contrast was dark, is light"):
        checked("project", "copick", settings={"contrast": "light"})
    checked("project", "copick", settings={"contrast": "light"}, redo=True)
    # The same from elsewhere, by another name, and after both have moved.
    checked(here / "project", "copick")
    (here / "moved").mkdir()
    for path in (Path("project"), record_path(Path("project"))):
        shutil.move(path, here / "moved" / path.name)
    checked("moved/project", "copick")
    moved = Path("moved") / own
    moved.write_text(moved.read_text() + " ")
    with pytest.raises(UsageError, match=r"nunatak_0_ribosome\.json was changed after"):
        checked("moved/project", "copick", redo=True)


def test_files_that_a_later_run_left_alone_stay_known() -> None:
    written(checked("project", "copick"))
    written(checked("project", "copick", images=TOMOGRAMS[1:]), images=TOMOGRAMS[1:], score=0.75)
    record = json.loads(record_path(Path("project")).read_text())["output"]
    assert [Path(name).parts[2] for name in record["files"]] == ["TS_02"]
    assert [Path(name).parts[:3] for name in record["earlier_files"]] == [
        ("project", "ExperimentRuns", "TS_01")
    ]
    written(checked("project", "copick"))
    assert "earlier_files" not in json.loads(record_path(Path("project")).read_text())["output"]


def test_picks_of_two_models_lie_side_by_side() -> None:
    written(checked("project", "copick"))
    facts = TomogramFacts(as_copick_user="other", as_copick_session="2")
    written(checked("project", "copick", redo=True, facts=facts), facts=facts, score=0.75)
    names = sorted(path.name for path in Path("project").rglob("*.json"))
    assert names == 2 * ["nunatak_0_ribosome.json"] + 2 * ["other_2_ribosome.json"]
    catalogue = ImageCatalogue(dict.fromkeys(TOMOGRAMS, (30, 60, 64)))
    chosen = TomogramFacts(copick_user="other")
    read = read_picks("project", "copick", images=catalogue, tomograms=chosen)
    assert set(read.table["score"]) == {0.75}
    with pytest.raises(UsageError, match=r"no user named 'a_b': no underscores.*--copick-user"):
        checked("project", "copick", facts=TomogramFacts(as_copick_user="a_b"))


def test_a_table_is_replaced_with_what_belongs_to_it() -> None:
    for _ in range(2):
        written(checked("picks.tbl", "dynamo"))
    names = {"picks.tbl", "picks.doc", "picks.tbl.classes.doc", "picks.tbl.run.json"}
    assert {path.name for path in Path().iterdir()} == names
    Path("picks.tbl").write_text("mine")
    with pytest.raises(UsageError, match=r"changed after .* or give --redo to replace it"):
        checked("picks.tbl", "dynamo")
    checked("picks.tbl", "dynamo", redo=True)
    Path("picks.doc").write_text("1 mine.mrc\n")
    with pytest.raises(UsageError, match=r"picks\.doc was changed after .* not even by --redo"):
        checked("picks.tbl", "dynamo", redo=True)


SERIES = {"TS_01": TiltSeries((256, 240, 120), 2.5, 4.0)}


@pytest.mark.parametrize(
    ("path", "to", "words", "error", "message"),
    [
        ("p", "copick", {"class_name": "a_1"}, BadInput, "Rename that class to 'a-1'"),
        (
            "p.star",
            "relion5-tomo",
            {"facts": TomogramFacts(tilt_series=SERIES)},
            Mismatch,
            r"1 of 2 tomograms are not known \(first: t/TS_02\.mrc\)",
        ),
        (
            "p.star",
            "relion5-tomo",
            {
                "facts": TomogramFacts(tilt_series={"TS_01": TiltSeries((256, 240, 120), 2.5, 2)}),
                "images": TOMOGRAMS[:1],
            },
            Mismatch,
            "voxels of 10 Å, but by tomograms.star they are 2.5 Å binned by 2",
        ),
        ("p.star", "relion4-tomo", {}, BadInput, "the binning of the tomograms is not known"),
        ("p.em", "em-motl", {}, Mismatch, "there are 2 tomograms. State their numbers"),
        ("p", "coords", {"class_name": "a b"}, BadInput, "Class 'a b' holds blanks"),
        ("file", "copick", {}, ResourceError, "file is no folder"),
    ],
)
def test_what_cannot_be_written_is_known_before_the_work(
    path: str, to: str, words: dict[str, object], error: type[Exception], message: str
) -> None:
    Path("file").write_text("")
    with pytest.raises(error, match=message):
        checked(path, to, **words)  # type: ignore[arg-type]
    assert [one.name for one in Path().iterdir()] == ["file"]


def test_a_tomogram_that_has_no_picks_any_more_loses_those_of_the_run_before() -> None:
    """Whose folder names the voxel size, which picks alone would say."""
    written(checked("cz", "cz-ndjson"))
    before = files("cz").keys()
    written(checked("cz", "cz-ndjson", redo=True), empty=TOMOGRAMS[1:])
    assert files("cz").keys() == before
    assert read_picks("cz", "cz-ndjson").table["image"].tolist() == ["TS_01"]


def test_cryoppps_tables_hold_the_diameter_of_the_particles() -> None:
    table = pd.DataFrame({"image": ["a.mrc"], "x_px": [5.0], "y_px": [6.0], "score": [0.5]})
    table = table.assign(selected=True, diameter_A=180.0, pixel_size_A=1.5)
    output = Output.named(Path("boxes"), "cryoppp", selected_only=True)
    shapes = {"a.mrc": (64, 64)}
    picks = PickSet(table, images=("a.mrc",))
    output.write_all(picks, {"settings": SETTINGS}, shapes=shapes, diameter_A=180.0)
    assert pd.read_csv("boxes/a.csv")["Diameter"].tolist() == [120.0]
