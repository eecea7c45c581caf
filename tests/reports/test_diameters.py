import numpy as np
import pandas as pd
import pytest

from nunatak.errors import UsageError
from nunatak.picks.table import PickSet
from nunatak.reports.diameters import diameters_in_words, typical_diameter_A, with_diameters


def picks_of(**columns: object) -> PickSet:
    return PickSet(pd.DataFrame({"image": "a", "x_px": 0.0, "y_px": [0.0, 1.0, 2.0], **columns}))


def test_the_option_goes_before_the_table() -> None:
    table = with_diameters(picks_of(diameter_A=[80.0, 90.0, np.nan]), 120.0).table
    assert table["diameter_A"].tolist() == [120.0] * 3
    assert typical_diameter_A(table, 120.0) == 120.0
    assert diameters_in_words(table, 120.0) == "Particle diameter 120 Å."


def test_every_pick_keeps_its_own_and_gaps_get_the_largest() -> None:
    table = with_diameters(picks_of(diameter_A=[80.0, 300.0, np.nan]), None).table
    assert table["diameter_A"].tolist() == [80.0, 300.0, 300.0]
    assert typical_diameter_A(table, None) == 300.0
    assert diameters_in_words(table, None) == "Particle diameters 80 to 300 Å."
    assert diameters_in_words(table.iloc[1:], None) == "Particle diameter 300 Å."


@pytest.mark.parametrize("columns", [{}, {"diameter_A": np.nan}, {"diameter_A": 0.0}])
def test_a_diameter_must_come_from_somewhere(columns: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"does not state the particle diameter\. Give --diameter"):
        with_diameters(picks_of(**columns), None)


def test_a_diameter_must_be_positive() -> None:
    with pytest.raises(UsageError, match="must be positive, found 0 Å"):
        with_diameters(picks_of(), 0.0)
