"""Run commands without a process of their own, which takes seconds to start."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from ended import Ended, Run

from nunatak.cli.main import main


@pytest.fixture
def run(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run a command in this process, in the folder ``project`` of the tests that ask."""
    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(project)

    def command(*words: str) -> Ended:
        with pytest.raises(SystemExit) as end:
            main([*words])
        return Ended(end.value.code or 0, *capsys.readouterr())

    yield command
    signal.signal(signal.SIGTERM, handler)
