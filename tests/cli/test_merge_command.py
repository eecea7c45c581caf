"""``nunatak merge`` end to end."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest
from ended import Run

from nunatak.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_USAGE
from nunatak.picks.formats import read_picks

STAR = """data_

loop_
_rlnMicrographName
_rlnCoordinateX
_rlnCoordinateY
_rlnAutopickFigureOfMerit
_rlnMicrographPixelSize
mics/a.mrc 10 10 3.5 2
mics/a.mrc 90 10 1.5 2
mics/b.mrc 10 10 2.5 2
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "topaz.star").write_text(STAR)
    boxes = tmp_path / "cryolo"
    boxes.mkdir()
    # Corners of boxes of 20 px: centres (12, 10) and (50, 10).
    (boxes / "a.box").write_text("2 0 20 20\n40 0 20 20\n")
    (tmp_path / "own.csv").write_text(
        "image,x_px,y_px,score,selected\na,11,10,0.9,true\na,51,10,0.1,false\nb,11,10,0.8,true\n"
    )
    return tmp_path


def test_three_formats_become_one_file(run: Run, project: Path) -> None:
    words = ("merge", "topaz.star", "cryolo", "own.csv", "--diameter", "40", "-k", "2")
    ended = run(*words, "-o", "agreed.star")
    assert ended.returncode == EXIT_OK
    table = read_picks(project / "agreed.star").table
    assert table["image"].tolist() == ["mics/a.mrc", "mics/a.mrc", "mics/b.mrc"]
    assert table["x_px"].tolist() == [11.0, 50.5, 10.5]
    assert table["seen_by"].tolist() == ["topaz+cryolo+own", "cryolo+own", "topaz+own"]
    assert table["agreement"].tolist() == [3, 2, 2]
    assert table["looked"].tolist() == [3, 3, 2]
    assert table["score_topaz"].tolist()[::2] == [3.5, 2.5]
    assert table["pixel_size_A"].tolist() == [2.0] * 3
    assert "own.csv: 1 of 3 picks are candidates that are not selected." in ended.stderr
    assert "cryolo: 2 picks, 100.0% of them with a counterpart in another set." in ended.stderr
    assert "Kept: 3 particles that 2 or more sets picked." in ended.stderr
    assert "3 particles written to agreed.star." in ended.stderr
    assert ended.stdout == ""


def test_candidates_can_be_left_out(run: Run, project: Path) -> None:
    words = ("merge", "topaz.star", "cryolo", "own.csv", "--radius-px", "5", "-k", "2")
    assert run(*words, "--selected-only", "-o", "agreed.csv").returncode == EXIT_OK
    assert read_picks(project / "agreed.csv").table["x_px"].tolist() == [11.0, 10.5]


def test_what_the_output_cannot_hold_is_said(run: Run, project: Path) -> None:
    words = ("merge", "topaz.star", "cryolo", "--radius", "10")
    ended = run(*words, "-o", "all.txt", "--to", "topaz")
    assert ended.returncode == EXIT_OK
    assert "Topaz table does not hold pixel_size_A, agreement, looked, seen_by" in ended.stderr
    assert len((project / "all.txt").read_text().splitlines()) == 5
    assert run(*words, "-o", "all.txt", "--to", "topaz").returncode == EXIT_USAGE
    assert run(*words, "-o", "all.txt", "--to", "topaz", "--overwrite").returncode == EXIT_OK
    # A Topaz table does not say in which pixels it counts.
    ended = run("merge", "topaz.star", "all.txt", "--radius", "10", "-o", "again.star")
    assert "all.txt: a Topaz table does not say how far its images were downscaled" in ended.stderr


def test_tomograms_are_merged_in_space(run: Run, project: Path) -> None:
    header = "image,x_px,y_px,z_px,pixel_size_A,class_name,diameter_A\n"
    (project / "a.csv").write_text(f"{header}rec_TS_1.mrc,10,10,10,10,80S,250\n")
    (project / "b.csv").write_text(f"{header}TS_1,10,10,16,10,80S,250\nTS_1,10,10,30,10,80S,250\n")
    assert run("merge", "a.csv", "b.csv", "--by-class", "-o", "both.csv").returncode == EXIT_OK
    table = read_picks(project / "both.csv").table
    assert table["image"].unique().tolist() == ["rec_TS_1.mrc"]
    assert sorted(zip(table["z_px"], table["agreement"].astype(int), strict=True)) == [
        (13.0, 2),
        (30.0, 1),
    ]


def test_the_images_say_their_pixel_size_where_no_set_does(run: Run, project: Path) -> None:
    for name, size_A in (("a", 2.0), ("b", 3.0)):
        with mrcfile.new(project / f"{name}.mrc") as file:
            file.set_data(np.zeros((100, 100), dtype=np.float32))
            file.voxel_size = size_A
    header = "image,x_px,y_px"
    (project / "one.csv").write_text(f"{header}\na.mrc,10,10\nb.mrc,10,10\n")
    (project / "two.csv").write_text(f"{header}\na,14,10\nb,14,10\n")
    words = ("merge", "one.csv", "two.csv", "--radius", "10", "-k", "2")
    ended = run(*words, "-o", "agreed.star")
    assert ended.returncode == EXIT_BAD_INPUT
    assert "neither a set nor the header of a given image states" in ended.stderr
    ended = run(*words, "--micrographs", "*.mrc", "-o", "agreed.star")
    assert ended.returncode == EXIT_OK, ended.stderr
    # 4 px are 8 Å on the one and 12 Å on the other.
    table = read_picks(project / "agreed.star").table
    assert table[["image", "pixel_size_A"]].to_numpy().tolist() == [["a.mrc", 2.0]]
    # What a set states goes before the header, for all sets.
    (project / "one.csv").write_text(f"{header},pixel_size_A\na.mrc,10,10,5\nb.mrc,10,10,2\n")
    ended = run(*words, "--micrographs", "*.mrc", "-o", "stated.star")
    assert ended.returncode == EXIT_OK, ended.stderr
    table = read_picks(project / "stated.star").table
    assert table[["image", "pixel_size_A"]].to_numpy().tolist() == [["b.mrc", 2.0]]


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("topaz.star", "topaz.star"), EXIT_USAGE, "have one name: topaz.star, topaz.star"),
        (("topaz.star", "cryolo"), EXIT_USAGE, "The sets state no diameter"),
        (("topaz.star", "cryolo", "-k", "3"), EXIT_USAGE, "--min-agree 3: there are 2 sets"),
        (("topaz.star", "other.csv", "-d", "9"), EXIT_BAD_INPUT, "topaz has no image in common"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    run: Run, project: Path, words: tuple[str, ...], code: int, problem: str
) -> None:
    (project / "other.csv").write_text("image,x_px,y_px\nz.mrc,1,1\n")
    ended = run("merge", *words, "-o", "out.star")
    assert ended.returncode == code
    assert problem in ended.stderr
    assert not (project / "out.star").exists()
