"""``nunatak pick`` as a user runs it: exit codes, messages, interruption, what is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from ended import Run

from nunatak.detection.header import ModelHeader, NetworkSpec, UNetParameters
from nunatak.detection.model import DetectorModel, save_model
from nunatak.images import normalise
from nunatak.networks.unet import UNet
from nunatak.picks.formats import read_picks

ENTRY = (sys.executable, "-c", "from nunatak.cli.main import main; main()", "pick")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
OPTIONS = ("--diameter", "40", "--model", "model.safetensors", "-o", "picks.star")


@pytest.fixture
def pick(run: Run) -> Run:
    return partial(run, "pick")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A model with random weights and three small micrographs."""
    parameters = UNetParameters(width=2, depth=2)
    network = UNet(**parameters.model_dump()).eval()
    network.head.bias.data.fill_(0.0)
    header = ModelHeader(
        name="tiny",
        network=NetworkSpec(parameters=parameters),
        normalisation=normalise.VERSION,
        score_floor=0.01,
        default_threshold=0.01,
    )
    save_model(DetectorModel(header, network), tmp_path / "model.safetensors")
    write_micrographs(tmp_path, ["a", "b", "c"])
    return tmp_path


def write_micrographs(folder: Path, names: Sequence[str], side: int = 256) -> None:
    rng = np.random.default_rng(0)
    for name in names:
        with mrcfile.new(folder / f"{name}.mrc") as file:
            file.set_data(rng.standard_normal((side, side), dtype=np.float32))
            file.voxel_size = 2.0


def test_picks_and_what_to_do_with_them(project: Path, pick: Run) -> None:
    done = pick("a.mrc", "b.mrc", *OPTIONS, "--report", "report.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    picks = read_picks(project / "picks.star")
    assert picks.images == ("a.mrc", "b.mrc")
    assert "2 micrographs in" in done.stderr
    assert f"{len(picks)} candidates, {len(picks)} of them selected" in done.stderr
    assert "autopick FOM threshold of 0.01" in done.stderr
    assert (project / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert (project / "picks.star.run.json").exists()


def test_bad_files_end_with_a_table_and_exit_code_3(project: Path, pick: Run) -> None:
    (project / "b.mrc").write_bytes(b"")
    done = pick("a.mrc", "b.mrc", "gone.mrc", *OPTIONS)
    assert done.returncode == 3
    assert "2 of 3 micrographs failed:" in done.stderr
    assert "b.mrc: 0 bytes" in done.stderr
    assert "gone.mrc: there is no such file" in done.stderr
    assert read_picks(project / "picks.star").images == ("a.mrc",)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("a.mrc", "--model", "model.safetensors", "-o", "p.star"), 2, "say the particle's diam"),
        (("a.mrc", *OPTIONS, "--device", "tpu"), 2, "Device 'tpu' is not one of"),
        (("a.mrc", *OPTIONS, "--pixel-size", "3"), 4, "two pixel sizes"),
        (("none/*.mrc", *OPTIONS), 4, "No micrographs in none/*.mrc"),
        (("a.mrc", *OPTIONS, "--report", "a.mrc"), 2, "a report is an HTML file"),
        (("a.mrc", "-d", "40", "--model", "x.pt", "-o", "p.star"), 4, "x.pt: no such model file"),
    ],
)
def test_mistakes_are_explained(
    project: Path, pick: Run, words: Sequence[str], code: int, message: str
) -> None:
    done = pick(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(project.glob("p*.star*"))


def start_and_signal(project: Path, number: int) -> subprocess.Popen[str]:
    """Start a long run and send a signal once it has finished something."""
    run = subprocess.Popen(
        [*ENTRY, "many", *OPTIONS],
        cwd=project,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    journal = project / "picks.star.journal"
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_text().count('"finished"') >= 3):
        assert run.poll() is None, run.stderr and run.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    run.send_signal(number)
    return run


@pytest.fixture
def long_project(project: Path) -> Path:
    (project / "many").mkdir()
    write_micrographs(project / "many", [f"m{i:03d}" for i in range(40)], side=512)
    return project


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_goes_on(long_project: Path, pick: Run, number: int) -> None:
    run = start_and_signal(long_project, number)
    assert run.stderr is not None
    said = run.stderr.read()
    run.stderr.close()
    assert run.wait() == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    if number != signal.SIGKILL:
        assert "of 40 micrographs are finished and kept in picks.star.journal" in said
        assert "Traceback" not in said
    assert not (long_project / "picks.star").exists()
    done = pick("many", *OPTIONS)
    assert done.returncode == 0
    assert "of the micrographs were finished by an earlier run" in done.stderr
    assert len(read_picks(long_project / "picks.star").images) == 40
    whole = pick("many", *OPTIONS[:-1], "whole.star")
    assert whole.returncode == 0
    assert (long_project / "whole.star").read_bytes() == (long_project / "picks.star").read_bytes()
