from pathlib import Path

import numpy as np
import pytest

from nunatak.errors import UsageError
from nunatak.pruning.output_format import output_format

PARTICLES = "data_\n\nloop_\n_rlnImageName\n1@s.mrcs\n"


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """One source of each kind; the formats are told by what they begin with."""
    job = tmp_path / "job004"
    job.mkdir()
    (job / "autopick.star").write_text(
        "data_coordinate_files\n\nloop_\n_rlnMicrographName\n_rlnMicrographCoordinates\n"
    )
    (tmp_path / "p.star").write_text(PARTICLES)
    (tmp_path / "a.box").write_text("1 1 2 2\n")
    for name, place in (("picks.cs", "location/center_x_frac"), ("blobs.cs", "blob/idx")):
        with (tmp_path / name).open("wb") as stream:
            np.save(stream, np.zeros(1, dtype=[("blob/path", "S1"), (place, "<f4")]))
    return {
        "job": job,
        "particles": tmp_path / "p.star",
        "box": tmp_path / "a.box",
        "picks": tmp_path / "picks.cs",
        "blobs": tmp_path / "blobs.cs",
    }


@pytest.mark.parametrize(
    ("source", "output", "only_keep", "expected"),
    [
        # A file of an AutoPick job's suffix is a file, and holds decisions.
        ("job", "clean.star", False, "relion-star"),
        ("job", "clean.star", True, "relion-star"),
        ("job", "job006", True, "relion-autopick"),
        ("job", "job006/autopick.star", True, "relion-autopick"),
        ("box", "b.box", True, "eman-box"),
        ("box", "b.csv", False, "csv"),
        ("picks", "kept.cs", True, "cryosparc-rows"),
        ("blobs", "kept.cs", True, "cryosparc-rows"),
        ("blobs", "all.star", False, "relion-particles"),
        ("particles", "all", False, "relion-particles"),
        ("particles", "all.parquet", False, "parquet"),
    ],
)
def test_the_format_is_that_of_the_sources_or_the_suffix(
    source: str, output: str, only_keep: bool, expected: str, sources: dict[str, Path]
) -> None:
    chosen = output_format(Path(output), [sources[source]], only_keep=only_keep)
    assert chosen.name == expected


@pytest.mark.parametrize(
    ("source", "output", "problem"),
    [
        ("job", "job006", "holds no decisions"),
        ("picks", "kept.cs", "holds no decisions"),
        ("particles", "kept.box", "positions on micrographs, which are not known"),
    ],
)
def test_what_cannot_be_held_is_refused(
    source: str, output: str, problem: str, sources: dict[str, Path]
) -> None:
    with pytest.raises(UsageError, match=problem):
        output_format(Path(output), [sources[source]])


def test_records_of_two_files_do_not_fit_into_one(sources: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="the records of 2 files"):
        output_format(Path("kept.cs"), [sources["blobs"]] * 2, only_keep=True)
