"""Motive lists: rows by their numbers, from 1, also with particles and rows exchanged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak import rotations
from nunatak.errors import FormatError, Mismatch
from nunatak.picks.context import FormatContext
from nunatak.picks.formats.tomograms.em_file import read_em, write_em
from nunatak.picks.formats.tomograms.em_motive_list import read, sniff, write
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import ANGLE_COLUMNS, PickSet
from nunatak.picks.tomogram_facts import TomogramFacts

XYZ = ["x_px", "y_px", "z_px"]
NUMBERS = FormatContext(tomograms=TomogramFacts(numbers={3: "TS_01.mrc", 12: "TS_02.mrc"}))


def motive_list() -> np.ndarray:
    """Two particles, shape (2, 20)."""
    particles = np.zeros((2, 20))
    for row, values in {
        1: (0.25, 0.5),
        4: (101, 102),
        5: (3, 12),
        6: (1, 1),
        8: (11, 40),
        9: (21, 50),
        10: (31, 60),
        11: (0.5, 0),
        13: (-2.25, 0),
        17: (10, 0),
        18: (-75, 0),
        19: (120, 0),
        20: (2, 1),
    }.items():
        particles[:, row - 1] = values
    return particles


@pytest.mark.parametrize("exchanged", [False, True])
def test_rows_and_their_meaning(tmp_path: Path, exchanged: bool) -> None:
    path = tmp_path / "motl.em"
    particles = motive_list()
    write_em(path, (particles.T if exchanged else particles)[None])
    assert sniff(path.read_bytes())
    picks = read(path, NUMBERS)
    assert picks.table[XYZ].to_numpy().tolist() == [[10.5, 20, 27.75], [39, 49, 59]]
    assert picks.table["image"].tolist() == ["TS_01.mrc", "TS_02.mrc"]
    assert picks.table["score"].tolist() == [0.25, 0.5]
    assert picks.table["class_name"].tolist() == ["2", "1"]
    assert picks.table["em_row_4"].tolist() == [101, 102]
    # phi, psi, theta stand in rows 17, 18, 19 in this order.
    ours = rotations.from_relion(picks.table[list(ANGLE_COLUMNS)])
    toms = rotations.from_tom([[10, -75, 120], [0, 0, 0]])
    assert (ours * toms.inv()).magnitude().max() < 1e-6


def test_twenty_particles_are_not_exchanged(tmp_path: Path) -> None:
    particles = np.repeat(motive_list()[:1], 20, axis=0)
    write_em(tmp_path / "motl.em", particles[None])
    assert read(tmp_path / "motl.em", NUMBERS).table["x_px"].tolist() == [10.5] * 20


def test_voxels_are_written_whole_with_the_rest_as_shift(tmp_path: Path) -> None:
    write_em(tmp_path / "motl.em", motive_list()[None])
    picks = read(tmp_path / "motl.em", NUMBERS)
    (path,) = write(picks, tmp_path / "again.em", NUMBERS)
    again = read_em(path)[0]
    assert again[0, 7:13].tolist() == [12, 21, 29, -0.5, 0, -0.25]
    np.testing.assert_allclose(again[0, 16:19], [10, -75, 120], atol=1e-5)
    assert again[:, [0, 3, 4, 19]].tolist() == [[0.25, 101, 3, 2], [0.5, 102, 12, 1]]


def test_several_tomograms_need_numbers(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a", "b"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    with pytest.raises(Mismatch, match="hold numbers and no names, but there are 2 tomograms"):
        write(PickSet(table), tmp_path / "motl.em", FormatContext())


def test_numbers_are_asked_about(tmp_path: Path) -> None:
    write_em(tmp_path / "motl.em", motive_list()[None])
    with pytest.raises(Mismatch, match="which tomograms are numbers 3, 12"):
        read(tmp_path / "motl.em", FormatContext(images=ImageCatalogue({"a.mrc": (5, 6, 7)})))


def test_scores_where_copick_puts_them_are_pointed_out(tmp_path: Path) -> None:
    particles = motive_list()
    particles[:, 0], particles[:, 3] = 0, (0.75, 0.5)
    write_em(tmp_path / "motl.em", particles[None])
    picks = read(tmp_path / "motl.em", NUMBERS)
    assert "score" not in picks.table
    assert picks.table["em_row_4"].tolist() == [0.75, 0.5]
    assert "row 4 holds fractions" in picks.notes[0]


def test_a_volume_is_no_motive_list(tmp_path: Path) -> None:
    path = tmp_path / "volume.em"
    write_em(path, np.zeros((5, 4, 3)))
    assert not sniff(path.read_bytes())
    with pytest.raises(FormatError, match=r"volume\.em: an array of 3 x 4 x 5 numbers where a"):
        read(path, NUMBERS)


@pytest.mark.parametrize(
    ("row", "value", "message"),
    [
        (9, np.nan, "particle 2, row 9: nan where a number was expected"),
        (5, 1.5, "particle 2, row 5: 1.5 where a whole number was expected"),
        (20, 0.25, "particle 2, row 20: 0.25 where a whole number was expected"),
    ],
)
def test_damage_is_named(tmp_path: Path, row: int, value: float, message: str) -> None:
    particles = motive_list()
    particles[1, row - 1] = value
    write_em(tmp_path / "motl.em", particles[None])
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "motl.em", NUMBERS)
    assert f"motl.em, {message}" in str(caught.value)
