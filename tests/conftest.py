"""Fixtures that every test may use."""

import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"

# The same examples every time, and no stopwatch: what passes once passes on a busy machine too.
# HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# Programs started in the background of a script ignore Ctrl-C, and hand that down to those that
# they start; tests that interrupt one would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Processes that share the tests share the cores as well: threads that wait for a core spin.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let processes report to each other, in UTF-8, what tests print of names that are no text."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode())
        for title, text in report.sections
    ]
    return report


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator: every test that draws numbers draws the same ones each time."""
    return np.random.default_rng(20_251_120)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real micrographs and labels beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real micrographs (../shared/data) are not on this machine")
    return SHARED_DATA


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Import a module of the benchmarks by its name; it is forgotten after the test."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if (BENCHMARKS / f"{name}.py").is_file():
            del sys.modules[name]


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    """Undo what a command run inside a test does to logging, which is global."""
    logs = [logging.getLogger(name) for name in ("nunatak", "py.warnings")]
    before = [(log, log.level, list(log.handlers)) for log in logs]
    yield
    for log, level, handlers in before:
        log.setLevel(level)
        log.handlers[:] = handlers
    logging.captureWarnings(capture=False)
