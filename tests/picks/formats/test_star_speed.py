"""Half a million rows are read and written in seconds."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet

N_ROWS = 500_000
SECONDS = 8.0
"""Four times what is promised of an idle machine, because test machines are not idle."""


@pytest.mark.slow
def test_half_a_million_rows(tmp_path: Path, rng: np.random.Generator) -> None:
    number = np.arange(N_ROWS)
    table = pd.DataFrame(
        {
            "image": pd.Series(number // 500).map("MotionCorr/job002/Movies/mic_{:05d}.mrc".format),
            "x_px": np.round(rng.uniform(0, 5760, N_ROWS), 6),
            "y_px": np.round(rng.uniform(0, 4092, N_ROWS), 6),
            "score": np.round(rng.normal(size=N_ROWS), 6),
            "rlnClassNumber": "0",
            "rlnAnglePsi": "0.000000",
        }
    )
    start = time.process_time()
    write_picks(PickSet(table), tmp_path / "large.star")
    written = time.process_time()
    picks = read_picks(tmp_path / "large.star")
    read = time.process_time()
    np.testing.assert_array_equal(picks.table["x_px"], table["x_px"])
    assert picks.table["image"].iloc[-1] == table["image"].iloc[-1]
    assert written - start < SECONDS
    assert read - written < SECONDS
