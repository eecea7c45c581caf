"""Unknown angles and scores in files of programs that know no unknown numbers."""

from pathlib import Path

import numpy as np
import pytest

from nunatak.picks.formats import FORMATS, FormatContext
from nunatak.picks.formats.star import read_star
from nunatak.picks.losses import losses
from nunatak.picks.table import ANGLE_COLUMNS, PickSet

LABELS = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnAutopickFigureOfMerit")


@pytest.mark.parametrize("name", ["relion4-tomo", "relion5-tomo", "warp"])
def test_of_picks_in_tomograms_they_are_0_and_counted(
    name: str, volume_picks: PickSet, context: FormatContext, tmp_path: Path
) -> None:
    table = volume_picks.table
    table.loc[1, [*ANGLE_COLUMNS, "score"]] = np.nan
    table.loc[2, "rot_deg"] = np.nan
    fmt = FORMATS[name]
    fmt.write(volume_picks, tmp_path / "out.star", context)
    particles = read_star(tmp_path / "out.star")[-1]
    found = np.stack([particles.numbers(label) for label in LABELS], axis=1)
    expected = table[[*ANGLE_COLUMNS, "score"]].to_numpy()
    expected[1], expected[2, :3] = 0, 0
    np.testing.assert_array_equal(found, expected)
    counts = "2 of rot_deg, 1 of tilt_deg, 1 of psi_deg, 1 of score"
    said = f"{fmt.title} cannot say that a value is unknown; written as 0: {counts}."
    assert said in losses(volume_picks, fmt, context)


def test_within_a_subtomogram_they_are_0_as_well(
    volume_picks: PickSet, context: FormatContext, tmp_path: Path
) -> None:
    table = volume_picks.table
    subtomogram = dict(zip(("Rot", "Tilt", "Psi"), ("10", "20", "30"), strict=True))
    table = table.assign(**{f"rlnTomoSubtomogram{axis}": of for axis, of in subtomogram.items()})
    table.loc[1, list(ANGLE_COLUMNS)] = np.nan
    FORMATS["relion5-tomo"].write(PickSet(table), tmp_path / "out.star", context)
    particles = read_star(tmp_path / "out.star")[-1]
    assert [particles.numbers(label)[1] for label in LABELS[:3]] == [0, 0, 0]


@pytest.mark.parametrize("name", ["relion-star", "relion-autopick"])
def test_of_picks_on_micrographs_they_are_0_and_counted(
    name: str, picks: PickSet, context: FormatContext, tmp_path: Path
) -> None:
    picks.table.loc[1, "score"] = np.nan
    fmt = FORMATS[name]
    [*_, path] = fmt.write(picks, tmp_path / "job", context)
    scores = fmt.read(path, context).table["score"]
    np.testing.assert_array_equal(scores, picks.table["score"].fillna(0))
    assert any("written as 0: 1 of score." in note for note in losses(picks, fmt, context))
