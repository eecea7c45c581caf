import re
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest

from nunatak.detection.record import write_record
from nunatak.errors import UsageError
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet
from nunatak.reports.from_file import report_on_file


@pytest.fixture
def picks_file(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Thirty picks on one micrograph of 2 Å pixels, a third of them selected."""
    image = tmp_path / "m.mrc"
    with mrcfile.new(image) as file:
        file.set_data(rng.normal(size=(90, 120)).astype(np.float32))
        file.voxel_size = 2.0
    table = pd.DataFrame(
        {
            "image": str(image),
            "x_px": rng.uniform(0, 120, 30),
            "y_px": rng.uniform(0, 90, 30),
            "score": np.linspace(0, 1, 30),
            "selected": [False] * 20 + [True] * 10,
        }
    )
    path = tmp_path / "picks.star"
    write_picks(PickSet(table), path)
    return path


def test_what_the_record_says_need_not_be_said_again(picks_file: Path) -> None:
    record = {"options": {"diameter_A": 20.0, "threshold": 0.67}, "model": {"name": "general-2d"}}
    write_record(picks_file, record, [picks_file])
    output = picks_file.with_suffix(".html")
    text = report_on_file(read_picks(picks_file), picks_file, output).read_text(encoding="utf-8")
    assert "10 particles on 1 micrograph" in text
    assert "threshold 0.67" in text
    assert re.search(r"<dt>Model</dt><dd><bdi>general-2d", text)
    assert ' r="5.0"' in text


def test_an_option_goes_before_the_files_own_selection(picks_file: Path) -> None:
    output = picks_file.with_suffix(".html")
    picks = read_picks(picks_file)
    text = report_on_file(picks, picks_file, output, threshold=0.5, diameter_A=20.0).read_text()
    assert "15 particles on 1 micrograph" in text


def test_a_diameter_is_needed(picks_file: Path) -> None:
    output = picks_file.with_suffix(".html")
    with pytest.raises(UsageError, match=r"does not state the particle diameter\. Give --diameter"):
        report_on_file(read_picks(picks_file), picks_file, output)
    picks = read_picks(picks_file)
    stated = PickSet(picks.table.assign(diameter_A=40.0))
    assert ' r="10.0"' in report_on_file(stated, picks_file, output).read_text()
