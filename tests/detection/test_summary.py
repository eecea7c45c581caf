from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from nunatak.detection.options import PickOptions
from nunatak.detection.result import PickResult
from nunatak.detection.summary import in_words, origin
from nunatak.picks.formats import format_named
from nunatak.picks.table import PickSet


@pytest.fixture
def result() -> PickResult:
    table = pd.DataFrame(
        {
            "image": ["a.mrc"] * 3,
            "x_px": 1.0,
            "y_px": 2.0,
            "score": [0.9, 0.5, 0.1],
            "selected": [True, True, False],
        }
    )
    options = PickOptions(
        diameter_A=122,
        min_distance_A=48.8,
        border_A=0,
        threshold=0.4,
        wanted_precision=None,
        max_per_micrograph=None,
        contrast="auto",
        pixel_size_A=None,
        override_pixel_size=False,
        device="cpu",
        arithmetic="auto",
        threads=None,
    )
    return PickResult(
        picks=PickSet(table, images=("a.mrc", "b.mrc")),
        failures=(),
        options=options,
        contrast="dark",
        shapes={"a.mrc": (10, 20), "b.mrc": (10, 20)},
        seconds={"total": 1.25},
        provenance={
            "command_line": ["nunatak", "pick"],
            "model": {"name": "general-2d", "sha256": "0123456789abcdef", "score_floor": 0.05},
            "device": "cpu",
            "dtype": "bfloat16",
            "date": "2026-01-02T03:04:05+00:00",
        },
        output=Path("picks.star"),
        output_format=format_named("relion-star"),
    )


def written_as(result: PickResult, output: str, format_name: str) -> PickResult:
    return replace(result, output=Path(output), output_format=format_named(format_name))


def test_the_user_learns_what_to_do_next(result: PickResult) -> None:
    assert in_words(result).splitlines() == [
        "2 micrographs in 1.2 s; particles are taken to be dark.",
        "3 candidates, 2 of them selected (score at least 0.4): 1 a micrograph.",
        "If particles are missing, or ice is selected, give the same command with another "
        "--threshold, or with --precision; nothing is computed anew.",
        "picks.star holds all candidates with their scores. To use the selected ones:",
        "  in RELION's Particle extraction, use an autopick FOM threshold of 0.4;",
        "  or write them to a file of their own, in any format:",
        "  nunatak convert picks.star -o selected.star --selected-only",
    ]


def test_what_was_not_picked_again_is_counted(result: PickResult) -> None:
    line = in_words(replace(result, reused_count=1)).splitlines()[1]
    assert line == (
        "1 of the micrographs were finished by an earlier run and have not changed; 1 picked now."
    )


def test_the_advice_fits_the_output(result: PickResult) -> None:
    assert "Inspect Picks" in in_words(written_as(result, "picks.cs", "cryosparc"))
    assert in_words(written_as(result, "picks.csv", "csv")).splitlines()[-3:] == [
        "picks.csv holds all candidates with their scores. To use the selected ones:",
        "  write them to a file of their own, in any format:",
        "  nunatak convert picks.csv -o selected.star --selected-only",
    ]
    only = in_words(replace(result, is_output_selected=True))
    assert only.endswith("picks.star holds the selected ones.")
    assert len(in_words(replace(result, output=None)).splitlines()) == 2


@pytest.mark.parametrize(
    ("output", "format_name", "words"),
    [
        ("picks.cs", "cryosparc", "--threshold 0.4"),
        ("job", "relion-autopick", "--threshold 0.4"),
        ("boxes", "cryolo-cbox", "--threshold 0.4"),
        ("picks.tsv", "topaz", "--threshold 0.4 --input-binning 1"),
        ("picks.parquet", "parquet", "--selected-only"),
    ],
)
def test_the_advice_chooses_by_what_the_format_holds(
    result: PickResult, output: str, format_name: str, words: str
) -> None:
    last = in_words(written_as(result, output, format_name)).splitlines()[-1]
    assert last == f"  nunatak convert {output} -o selected.star {words}"


def test_no_threshold_is_advised_where_it_does_not_select_alone(result: PickResult) -> None:
    limited = result.picks.table.assign(selected=[True, False, False])
    result = replace(result, picks=PickSet(limited, images=result.picks.images))
    assert in_words(result).splitlines()[-3:] == [
        "picks.star holds all candidates with their scores. To use the selected ones:",
        "  write them to a file of their own, in any format:",
        "  nunatak convert picks.star -o selected.star --selected-only",
    ]
    assert in_words(written_as(result, "picks.cs", "cryosparc")).splitlines()[-1] == (
        "picks.cs holds all candidates with their scores, and not which of them are selected; no "
        "threshold alone tells. For the selected ones, give --selected-only and another output."
    )


def test_a_report_says_where_picks_come_from(result: PickResult) -> None:
    said = origin(result)
    assert said["Model"] == "general-2d (sha256 0123456789ab…)"
    assert said["Threshold"] == "0.4 (candidates from 0.05 on)"
    assert said["Contrast"] == "dark particles (found out)"
    assert said["Limit a micrograph"] == "none"
