"""What is said while a network trains."""

import io
import logging
import sys
from dataclasses import replace

import pytest

from nunatak.cli import console
from nunatak.cli.training_progress import hush_other_processes, in_words, training_progress
from nunatak.training.progress import Progress

HALFWAY = Progress(
    step=40,
    steps=100,
    loss=0.01234,
    learning_rate=1e-3,
    validation=None,
    best_value=0.8154,
    best_step=25,
    seconds=10.0,
    seconds_left=3725.0,
)


class Terminal(io.StringIO):
    """Standard error of a person."""

    def isatty(self) -> bool:
        return True


def test_a_line_has_loss_validation_and_time_left() -> None:
    assert in_words(HALFWAY) == (
        "step 40 of 100, loss 0.01234, best validation AP 0.815 at step 25, 1:02:05 left"
    )
    start = replace(HALFWAY, step=0, loss=None, best_value=None, seconds_left=None)
    assert in_words(start) == "step 0 of 100"


def test_a_line_now_and_then_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 29.0, 31.0, 32.0, 62.0])
    monkeypatch.setattr("nunatak.cli.training_progress.time.monotonic", lambda: next(clock))
    with training_progress() as show:
        for step in range(1, 5):
            show(replace(HALFWAY, step=step))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "Training: step 2 of 100",
        "Training: step 4 of 100",
    ]


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    with training_progress() as show:
        assert terminal.getvalue() == ""  # nothing while data are read
        show(HALFWAY)
    for text in ("Training", "40/100", "loss 0.01234", "AP 0.815", "1:02:05 left"):
        assert text in terminal.getvalue()


def test_nothing_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_up_logging(logging.ERROR)
    with training_progress() as show:
        show(HALFWAY)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["LOCAL_RANK", "RANK", "SLURM_PROCID"])
def test_only_the_first_of_several_processes_speaks(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert hush_other_processes(2)
    monkeypatch.setenv(name, "1")
    assert hush_other_processes(1)
    assert not console.is_quiet()
    assert not hush_other_processes(2)
    assert console.is_quiet()
