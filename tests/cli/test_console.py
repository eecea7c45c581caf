"""Messages, progress and failures go to standard error, in a form that fits who reads them."""

import logging
import sys

import pytest
import typer

from nunatak.cli import console


def become_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that the test sets."""
    clock = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: clock[0])
    return clock


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR])
def test_say_is_silent_only_when_quiet(level: int, capsys: pytest.CaptureFixture[str]) -> None:
    console.set_up_logging(level)
    console.say("12 picks")
    captured = capsys.readouterr()
    assert captured.err == ("" if level == logging.ERROR else "12 picks\n")
    assert captured.out == ""


def test_log_records_are_plain_lines_without_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.set_up_logging(logging.INFO)
    logging.getLogger("nunatak.images.reader").info("a.mrc: [12 px] no pixel size")
    logging.getLogger("nunatak.images.reader").debug("hidden")
    logging.getLogger("nunatak.detection.output").warning("p.box: no scores")
    assert capsys.readouterr().err.splitlines() == [
        "nunatak: info: a.mrc: [12 px] no pixel size",
        "nunatak: warning: p.box: no scores",
    ]


def test_setting_up_twice_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_up_logging(logging.INFO)
    console.set_up_logging(logging.INFO)
    logging.getLogger("nunatak").info("once")
    assert capsys.readouterr().err.count("once") == 1


def test_log_records_keep_brackets_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    become_a_terminal(monkeypatch)
    console.set_up_logging(logging.INFO)
    logging.getLogger("nunatak").info("a[bold].mrc")
    assert "a[bold].mrc" in capsys.readouterr().err


def test_progress_is_one_line_every_thirty_seconds(
    capsys: pytest.CaptureFixture[str], seconds: list[float]
) -> None:
    console.set_up_logging(logging.WARNING)
    with console.progress("Picking", 100, unit="micrographs") as advance:
        for _ in range(7):
            seconds[0] += 10
            advance(2)
    assert capsys.readouterr().err.splitlines() == [
        "Picking: 6 of 100 micrographs, 30 s",
        "Picking: 12 of 100 micrographs, 60 s",
    ]


def test_progress_is_silent_when_quiet(
    capsys: pytest.CaptureFixture[str], seconds: list[float]
) -> None:
    console.set_up_logging(logging.ERROR)
    with console.progress("Picking", None) as advance:
        seconds[0] += 100
        advance(1)
    assert capsys.readouterr().err == ""


def test_progress_is_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    become_a_terminal(monkeypatch)
    with console.progress("Picking", 4, unit="micrographs") as advance:
        advance(3)
    text = capsys.readouterr().err
    assert "Picking" in text
    assert "3/4" in text


def test_no_failures_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    console.report_failures([], total=3)
    assert capsys.readouterr().err == ""


def test_failures_are_counted_listed_once_and_end_with_3(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failures = [("a.mrc", ValueError("a.mrc: 0 bytes")), ("b.mrc", "every pixel has one value")]
    with pytest.raises(typer.Exit) as end:
        console.report_failures(failures, total=5, unit="micrographs")
    assert end.value.exit_code == 3
    assert capsys.readouterr().err == (
        "2 of 5 micrographs failed:\n  a.mrc: 0 bytes\n  b.mrc: every pixel has one value\n"
    )


def test_failures_are_a_table_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    become_a_terminal(monkeypatch)
    with pytest.raises(typer.Exit):
        console.report_failures([("a[b].mrc", "0 bytes")], total=1)
    text = capsys.readouterr().err
    assert "problem" in text
    assert "a[b].mrc" in text
