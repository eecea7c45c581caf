"""Compare the settings of two runs."""

from collections.abc import Mapping
from typing import Any


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say in words what differs between two runs; nothing if they are alike.

    Examples
    --------
    >>> changes({"diameter_A": 122.0, "device": "cpu"}, {"diameter_A": 140.0, "device": "cpu"})
    'diameter_A was 122.0, is 140.0'
    """
    return "; ".join(
        f"{name} was {before.get(name)}, is {now.get(name)}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    )
