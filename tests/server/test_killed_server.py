"""``kill -9`` of the real server while edits are saved: what was acknowledged is there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_no_acknowledged_edit_is_lost(benchmark: Callable[[str], Any], tmp_path: Path) -> None:
    account = benchmark("kill_server").killed_rounds(tmp_path, 5, seed=3, longest_s=0.3)
    assert account.rounds == 5
    assert account.acknowledged > 20
    assert account.in_flight > 0
    assert account.lost == []
    assert account.damaged == []
