"""Conversion accounts for every pick."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.picks.convert import convert
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats import FORMATS, PickFormat, read_picks, write_picks
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet

IMAGES = ImageCatalogue({"m/a.mrc": (100, 201), "m/b.mrc": (100, 201)}, pixel_size_A=2.0)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(
        "image,x_px,y_px,score,mine\nm/a.mrc,50,50,0.5,x\nm/a.mrc,50.5,50,0.25,x\n"
        "m/a.mrc,1,50,0.5,x\nm/b.mrc,-7.25,50,0.5,x\nm/b.mrc,300,50,0.5,x\n"
    )
    return path


def test_every_pick_is_accounted_for(csv: Path, tmp_path: Path) -> None:
    report = convert(csv, tmp_path / "out.star", images=IMAGES)
    assert (report.n_in, report.n_out, report.n_images) == (5, 5, 2)
    assert (report.n_outside, report.n_on_border, report.n_duplicates) == (2, 0, 1)
    assert report.written == (tmp_path / "out.star",)
    assert str(report).split("\n") == [
        "5 picks read (CSV), 2 images",
        "5 picks written (RELION STAR)",
        "2 outside their image (kept), 0 on the border, 1 duplicate",
        "Coordinates are written in pixels of the stored image.",
    ]
    back = read_picks(tmp_path / "out.star").table
    assert back["x_px"].tolist() == [50, 50.5, 1, -7.25, 300]
    assert back["mine"].tolist() == ["x"] * 5


def test_dropping_is_asked_for_and_counted(csv: Path, tmp_path: Path) -> None:
    report = convert(csv, tmp_path / "out.star", images=IMAGES, drop_outside=True)
    assert (report.n_in, report.n_out, report.n_outside) == (5, 3, 2)
    assert "2 outside their image (dropped)" in str(report)
    assert len(read_picks(tmp_path / "out.star")) == 3


def test_nothing_is_dropped_where_sizes_are_unknown(csv: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Picks outside cannot be dropped: the size of 2 images"):
        convert(csv, tmp_path / "out.star", drop_outside=True)
    report = convert(csv, tmp_path / "out.star")
    assert set(report.unplaced) == {"m/a.mrc", "m/b.mrc"}
    text = str(report)
    assert "Positions on 2 images were not checked, because their size is unknown" in text
    assert "outside" not in text
    assert "Give --micrographs" in text


def test_what_the_target_cannot_hold_is_said(csv: Path, tmp_path: Path) -> None:
    report = convert(csv, tmp_path / "boxes", to_format="eman-box", images=IMAGES, box_px=20)
    assert report.n_on_border == 1
    assert report.notes[-2:] == (
        "Positions are rounded to whole pixels.",
        "EMAN box file does not hold score, mine.",
    )


EVERYTHING = [
    *("diameter_A", "class_name", "score", "selected", "pixel_size_A", "mine"),
    *("rlnClassNumber", "rlnAnglePsi", "Angle", "eman2_picker", "location/exp_group_id"),
    *("cryoppp_diameter_px", "optics", "empty"),
]
"""Columns, and what lies beside the table."""


@pytest.mark.parametrize(
    ("to_format", "held"),
    [
        ("relion-star", EVERYTHING),
        ("parquet", EVERYTHING),
        ("csv", EVERYTHING[:-2]),
        ("relion-autopick", ["score", "rlnClassNumber", "rlnAnglePsi", "empty"]),
        ("topaz", ["score"]),
        ("eman-box", ["empty"]),
        ("eman2-json", ["eman2_picker", "empty"]),
        ("cryolo-cbox", ["score", "Angle", "empty"]),
        ("cryosparc", ["score", "pixel_size_A", "location/exp_group_id"]),
        ("cryoppp", ["empty"]),
    ],
)
def test_each_format_says_exactly_what_is_lost(
    to_format: str, held: list[str], tmp_path: Path
) -> None:
    known = {name: ["1"] for name in EVERYTHING[:-2]}
    known |= {"diameter_A": [180.0], "pixel_size_A": [2.0], "score": [0.5], "selected": [True]}
    table = pd.DataFrame({"image": "m/a.mrc", "x_px": [5.0], "y_px": [6.0], **known, "void": None})
    optics = pd.DataFrame({"rlnOpticsGroup": ["1"], "rlnMicrographPixelSize": ["2.0"]})
    picks = PickSet(table, optics, images=("m/b.mrc",))
    write_picks(picks, tmp_path / "in.parquet")
    report = convert(
        tmp_path / "in.parquet",
        tmp_path / "out",
        to_format=to_format,
        images=IMAGES,
        box_px=20,
        dry_run=True,
    )
    beside = {"optics": "optics groups", "empty": "1 image without picks"}
    lost = ", ".join(beside.get(name, name) for name in EVERYTHING if name not in held)
    said = [note for note in report.notes if "does not hold" in note]
    assert said == ([f"{report.target_format} does not hold {lost}."] if lost else [])


def test_cryoppp_holds_the_diameter_unless_a_box_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "image,x_px,y_px,diameter_A,pixel_size_A\nm/a.mrc,50,50,180,2\n"
    )
    report = convert(tmp_path / "in.csv", tmp_path / "out", to_format="cryoppp", images=IMAGES)
    assert report.notes[-1] == "CryoPPP CSV does not hold pixel_size_A."


def test_whole_pixels_of_an_autopick_job_are_said(csv: Path, tmp_path: Path) -> None:
    def notes(**options: bool) -> tuple[str, ...]:
        return convert(
            csv, tmp_path / "job", to_format="relion-autopick", dry_run=True, **options
        ).notes

    assert "Positions are rounded to whole pixels." in notes()
    assert "Positions are rounded to whole pixels." not in notes(round_coordinates=False)


def test_one_is_not_many(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("image,x_px,y_px,selected\nm/a.mrc,50,50,false\n")
    report = convert(tmp_path / "in.csv", tmp_path / "out", to_format="eman2-json")
    lines = str(report).split("\n")
    assert lines[0] == "1 pick read (CSV), 1 image"
    assert lines[1] == "1 pick written (EMAN2 info JSON)"
    assert lines[2] == "0 duplicates"
    assert lines[3].startswith("Positions on 1 image were not checked, because its size is unkn")
    assert lines[4].startswith("Warning: 1 of the 1 pick is a candidate that is not selected, and")


def test_an_image_of_another_folder_has_not_this_ones_size(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("image,x_px,y_px\ng1/m.mrc,1,2\ng2/m.mrc,1,2\n")
    images = ImageCatalogue({"g1/m.mrc": (100, 201)})
    report = convert(tmp_path / "in.csv", tmp_path / "out.star", images=images)
    assert set(report.unplaced) == {"g2/m.mrc"}
    for target in ("out.cs", "flipped.star"):
        with pytest.raises(Mismatch, match=r"^g2/m\.mrc fits no image: g1/m\.mrc is in another"):
            convert(
                tmp_path / "in.csv",
                tmp_path / target,
                images=images,
                output_orientation=Orientation.FLIP_Y,
            )


PER_IMAGE = [fmt for fmt in FORMATS.values() if not fmt.capabilities.multi_image]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("fmt", PER_IMAGE, ids=lambda fmt: fmt.name)
def test_no_picks_of_no_image_have_no_file_and_this_is_said(
    fmt: PickFormat, dry_run: bool, tmp_path: Path
) -> None:
    [ndim] = fmt.capabilities.dimensions
    what = {2: "micrograph", 3: "tomogram"}[ndim]
    (tmp_path / "in.csv").write_text("image,x_px,y_px" + ",z_px" * (ndim == 3) + "\n")
    for out in ("folder", f"one{fmt.suffixes[0]}"):
        with pytest.raises(BadInput, match=rf"no picks, no {what} is named either, and"):
            convert(
                tmp_path / "in.csv", tmp_path / out, to_format=fmt.name, box_px=20, dry_run=dry_run
            )
    assert convert(tmp_path / "in.csv", tmp_path / "out.csv").written == (tmp_path / "out.csv",)


def test_a_dry_run_does_everything_but_leave_files(csv: Path, tmp_path: Path) -> None:
    report = convert(csv, tmp_path / "out.cs", images=IMAGES, dry_run=True)
    assert report.written == ()
    assert "5 picks would be written (CryoSPARC .cs)" in str(report)
    assert list(tmp_path.iterdir()) == [csv]
    with pytest.raises(Mismatch, match="is needed but unknown"):
        convert(csv, tmp_path / "out.cs", dry_run=True)


def test_existing_files_are_kept(csv: Path, tmp_path: Path) -> None:
    (tmp_path / "out.star").write_text("mine")
    for dry_run in (False, True):
        with pytest.raises(UsageError, match="exists already"):
            convert(csv, tmp_path / "out.star", dry_run=dry_run)
    assert (tmp_path / "out.star").read_text() == "mine"
    convert(csv, tmp_path / "out.star", overwrite=True)
    assert len(read_picks(tmp_path / "out.star")) == 5


def test_topaz_must_be_told_the_binning(tmp_path: Path) -> None:
    path = tmp_path / "picks.txt"
    path.write_text("image_name\tx_coord\ty_coord\na\t10\t20\n")
    with pytest.raises(UsageError, match="--input-binning 1 if they were not"):
        convert(path, tmp_path / "out.star")
    convert(path, tmp_path / "out.star", images=IMAGES, input_grid=FileGrid.binned(4))
    table = read_picks(tmp_path / "out.star").table
    assert table[["image", "x_px", "y_px"]].to_numpy().tolist() == [["m/a.mrc", 40, 80]]


def test_orientations_and_grids_of_both_sides(csv: Path, tmp_path: Path) -> None:
    convert(
        csv,
        tmp_path / "out.csv",
        images=IMAGES,
        input_orientation=Orientation.FLIP_Y,
        output_orientation=Orientation.FLIP_X,
        output_grid=FileGrid.binned(2),
    )
    table = read_picks(tmp_path / "out.csv").table
    np.testing.assert_array_equal(table["x_px"], (200 - np.array([50, 50.5, 1, -7.25, 300])) / 2)
    np.testing.assert_array_equal(table["y_px"], [(99 - 50) / 2] * 5)


def test_a_wrong_unit_is_suspected(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "in.csv"
    xy = rng.uniform([2, 2], [199, 98], (300, 2)) * 2.0
    rows = [f"m/a.mrc,{x},{y}" for x, y in xy.tolist()]
    path.write_text("\n".join(["image,x_px,y_px", *rows]))
    report = convert(path, tmp_path / "out.star", images=IMAGES)
    assert report.suspicion is not None
    assert set(report.suspicion.factors) == {"pixels of an image 2 times larger", "ångström"}
    assert "Check the unit! The picks reach over" in str(report)


def test_images_elsewhere_are_mentioned(csv: Path, tmp_path: Path) -> None:
    moved = ImageCatalogue({"/new/a.mrc": (100, 201), "/new/b.mrc": (100, 201)})
    report = convert(csv, tmp_path / "out.star", images=moved)
    assert report.n_outside == 2
    assert (
        "2 images were found in another folder than the picks state, such as m/a.mrc."
        in report.notes
    )


def test_a_damaged_source_leaves_no_target(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("image,x_px,y_px\na,1\n")
    with pytest.raises(FormatError):
        convert(path, tmp_path / "out.star")
    assert not (tmp_path / "out.star").exists()


@pytest.fixture
def candidates(tmp_path: Path) -> Path:
    path = tmp_path / "candidates.csv"
    path.write_text(
        "image,x_px,y_px,score,selected\nm/a.mrc,50,50,0.9,true\nm/a.mrc,60,50,0.5,false\n"
        "m/a.mrc,-7,50,0.7,true\nm/b.mrc,70,50,0.05,false\n"
    )
    return path


@pytest.mark.parametrize(
    ("options", "x_px"),
    [
        ({"selected_only": True}, [50, -7]),
        ({"threshold": 0.5}, [50, 60, -7]),
        ({"selected_only": True, "threshold": 0.8}, [50]),
    ],
)
def test_candidates_are_chosen_and_counted(
    candidates: Path, tmp_path: Path, options: dict[str, float], x_px: list[float]
) -> None:
    report = convert(candidates, tmp_path / "out.csv", images=IMAGES, **options)
    assert read_picks(tmp_path / "out.csv").table["x_px"].tolist() == x_px
    assert (report.n_in, report.n_left_out, report.n_out) == (4, 4 - len(x_px), len(x_px))
    picks = "1 pick" if len(x_px) == 1 else f"{len(x_px)} picks"
    assert f"{picks} written (CSV), {4 - len(x_px)} left out\n" in str(report)
    assert f"{int(-7 in x_px)} outside their image (kept)" in str(report)


def test_what_a_threshold_chooses_is_selected_from_then_on(
    candidates: Path, tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen.csv"
    said = "1 candidate of at least the threshold was not selected, and is marked as selected now."
    report = convert(candidates, chosen, images=IMAGES, threshold=0.5)
    assert said in report.notes
    again = convert(chosen, tmp_path / "again.star", images=IMAGES, selected_only=True)
    assert (again.n_in, again.n_out) == (3, 3)
    # Neither where the format holds no marks, nor where the marks have chosen as well.
    to_topaz = convert(candidates, tmp_path / "t.txt", to_format="topaz", threshold=0.5)
    both = convert(candidates, tmp_path / "b.csv", selected_only=True, threshold=0.5)
    assert said not in (*to_topaz.notes, *both.notes)
    assert read_picks(tmp_path / "b.csv").table["selected"].all()


def test_an_image_of_which_nothing_is_selected_stays(candidates: Path, tmp_path: Path) -> None:
    written = convert(
        candidates, tmp_path / "boxes", to_format="eman2-json", images=IMAGES, selected_only=True
    ).written
    assert [path.name for path in written] == ["a_info.json", "b_info.json"]


def test_candidates_that_become_picks_are_warned_of(candidates: Path, tmp_path: Path) -> None:
    def warnings(to_format: str, **options: float) -> list[str]:
        report = convert(
            candidates, tmp_path / to_format, to_format=to_format, images=IMAGES, **options
        )
        return [note for note in report.notes if note.startswith("Warning")]

    assert warnings("eman2-json", dry_run=True) == [
        "Warning: 2 of the 4 picks are candidates that are not selected, and EMAN2 info JSON "
        "holds no scores to tell them apart. Give --selected-only or --threshold SCORE to leave "
        "them out."
    ]
    assert warnings("relion-star") == []
    assert warnings("eman2-json", threshold=0.0) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selected_only": True}, "--selected-only: the picks are not marked"),
        ({"threshold": 0.5}, "--threshold 0.5: the picks have no scores"),
    ],
)
def test_there_must_be_something_to_choose_by(
    tmp_path: Path, options: dict[str, float], message: str
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("image,x_px,y_px\na,1,2\n")
    with pytest.raises(UsageError, match=message):
        convert(path, tmp_path / "out.star", **options)
    assert not (tmp_path / "out.star").exists()
