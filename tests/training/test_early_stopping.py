"""When progress has ended."""

import pytest

from nunatak.errors import NunatakError
from nunatak.training.early_stopping import EarlyStopping


def test_patience_counts_from_the_best() -> None:
    stopping = EarlyStopping(patience=2)
    stops = []
    for step, value in enumerate([0.1, 0.0, 0.2, 0.2, 0.1]):
        stopping.improved(step, value)
        stops.append(stopping.stop)
    assert stops == [False, False, False, False, True]
    assert (stopping.best_step, stopping.best_value) == (2, 0.2)


def test_without_patience_it_never_stops() -> None:
    stopping = EarlyStopping()
    for step in range(100):
        stopping.improved(step, -float(step))
    assert not stopping.stop


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_validation_without_a_value_is_an_error(value: float) -> None:
    with pytest.raises(NunatakError, match=f"validation after step 3 gave {value}"):
        EarlyStopping().improved(3, value)
