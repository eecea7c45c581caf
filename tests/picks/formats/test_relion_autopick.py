"""The layout of an AutoPick job."""

from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import FormatError, Mismatch
from nunatak.picks.formats import format_of, read_picks, write_picks
from nunatak.picks.formats.relion_autopick import coordinates_path
from nunatak.picks.table import PickSet

NAME = "relion-autopick"
IMAGES = ("MotionCorr/job002/Movies/a.1.mrc", "MotionCorr/job002/Movies/b.mrc")


@pytest.fixture
def two_images() -> PickSet:
    table = pd.DataFrame(
        {"image": IMAGES[0], "x_px": [1.5, 20.4], "y_px": [3.0, 4.0], "score": [0.5, 0.25]}
    )
    return PickSet(table, images=IMAGES)


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("MotionCorr/job002/Movies/a.1.mrc", "Movies/a.1_autopick.star"),
        ("/p/MotionCorr/job002/Movies/a.mrc", "Movies/a_autopick.star"),
        ("MotionCorr/job002/job003/a.mrc", "job003/a_autopick.star"),
        ("micrographs/a.mrc", "micrographs/a_autopick.star"),
        ("/data/a.mrc", "data/a_autopick.star"),
        ("a.mrc", "a_autopick.star"),
    ],
)
def test_coordinate_files_are_named_as_relion_names_them(image: str, path: str) -> None:
    assert str(coordinates_path(image)) == path


def test_a_path_out_of_the_job_is_refused() -> None:
    with pytest.raises(Mismatch, match=r"a path with '\.\.' has no place in a RELION job"):
        coordinates_path("../../etc/passwd")


def test_the_layout(tmp_path: Path, two_images: PickSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = Path("AutoPick/job012")
    written = write_picks(two_images, job, NAME)
    assert written == [
        job / "Movies/a.1_autopick.star",
        job / "Movies/b_autopick.star",
        job / "autopick.star",
    ]
    assert (job / "autopick.star").read_text() == (
        "data_coordinate_files\n\nloop_\n_rlnMicrographName #1\n_rlnMicrographCoordinates #2\n"
        "MotionCorr/job002/Movies/a.1.mrc AutoPick/job012/Movies/a.1_autopick.star\n"
        "MotionCorr/job002/Movies/b.mrc AutoPick/job012/Movies/b_autopick.star\n\n"
    )
    assert (job / "Movies/a.1_autopick.star").read_text() == (
        "data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnAutopickFigureOfMerit #3\n"
        "_rlnClassNumber #4\n_rlnAnglePsi #5\n2 3 0.5 0 0.000000\n20 4 0.25 0 0.000000\n\n"
    )
    for door in (job, job / "autopick.star"):
        back = read_picks(door)
        assert back.images == IMAGES
        assert back.table["x_px"].tolist() == [2, 20]
        assert back.table["score"].tolist() == [0.5, 0.25]


def test_a_job_is_found_from_anywhere(tmp_path: Path, two_images: PickSet) -> None:
    job = tmp_path / "AutoPick" / "job012"
    write_picks(two_images, job, NAME, round_coordinates=False)
    assert "AutoPick/job012/Movies/b_autopick.star" in (job / "autopick.star").read_text()
    assert format_of(job).name == NAME
    assert read_picks(job).table["x_px"].tolist() == [1.5, 20.4]


def test_missing_coordinate_files_are_named(tmp_path: Path, two_images: PickSet) -> None:
    job = tmp_path / "AutoPick" / "job012"
    write_picks(two_images, job, NAME)
    (job / "Movies/b_autopick.star").unlink()
    with pytest.raises(FormatError) as caught:
        read_picks(job)
    assert "line 7, rlnMicrographCoordinates: AutoPick/job012/Movies/b_autopick.star does not" in (
        str(caught.value)
    )


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../../../etc/passwd"])
def test_lists_cannot_point_out_of_the_project(tmp_path: Path, target: str) -> None:
    job = tmp_path / "AutoPick" / "job012"
    job.mkdir(parents=True)
    (job / "autopick.star").write_text(
        "data_coordinate_files\nloop_\n_rlnMicrographName\n_rlnMicrographCoordinates\n"
        f"a.mrc {target}\n"
    )
    with pytest.raises(FormatError, match="lies outside the project"):
        read_picks(job)


def test_images_that_relion_would_merge_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["x/job002/a.mrc", "y/job003/a.mrc"], "x_px": 1.0, "y_px": 1.0})
    with pytest.raises(Mismatch, match="write them into two jobs"):
        write_picks(PickSet(table), tmp_path, NAME)
