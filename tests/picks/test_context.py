"""What a format is told."""

import pytest

from nunatak.errors import UsageError
from nunatak.picks.context import FormatContext


def test_an_impossible_box_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 pixel"):
        FormatContext(box_px=0)
