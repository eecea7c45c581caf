"""The doctor finds what is broken, and never breaks itself."""

import json
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nunatak import doctor
from nunatak.cli.main import app
from nunatak.doctor import Finding, State, examine

runner = CliRunner()


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    folder = tmp_path_factory.mktemp("work")
    result = {finding.subject: finding for finding in examine(folder)}
    assert list(folder.iterdir()) == []  # it cleans up after itself
    return result


def test_this_installation_is_in_order(findings: dict[str, Finding]) -> None:
    assert [f for f in findings.values() if f.state is State.FAILED] == []


def test_what_is_examined(findings: dict[str, Finding]) -> None:
    assert list(findings) == [
        "python",
        "dependencies",
        "torch",
        "threads",
        "bf16",
        "GPU",
        "working folder",
        "temporary folder",
        "general models",
    ]
    assert "numpy 2" in findings["dependencies"].found
    assert "ms in bf16" in findings["bf16"].found


def test_a_check_that_breaks_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Finding:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(doctor, "_torch", broken)
    found = {finding.subject: finding for finding in examine(tmp_path)}["torch"]
    assert found == Finding("torch", State.FAILED, "RuntimeError: no such instruction")


def test_a_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: ["numpy>=2.0", "no-such-thing>=1"])
    found = doctor._dependencies()
    assert (found.state, found.found) == (State.FAILED, "missing: no-such-thing")
    assert found.advice == "pip install no-such-thing"


def test_too_many_threads_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.torch, "get_num_threads", lambda: 10_000)
    found = doctor._threads()
    assert found.state is State.NOTE
    assert f"OMP_NUM_THREADS={len(os.sched_getaffinity(0))}" in found.advice


def test_a_folder_that_does_not_exist_fails(tmp_path: Path) -> None:
    found = {f.subject: f for f in examine(tmp_path / "gone")}["working folder"]
    assert found.state is State.FAILED
    assert "No such file or directory" in found.found


def test_little_disk_space_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(10, 9, 5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = doctor._file_system("working folder", tmp_path)
    assert found.state is State.NOTE
    assert "0.0 GB free" in found.found


def test_a_changed_model_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{'0' * 64}  general-2d.safetensors\n")
    monkeypatch.setattr(doctor, "CHECKSUMS", str(sums))
    found = doctor._models()
    assert found.state is State.FAILED
    assert "is not the file that was released" in found.found


def test_without_models_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "shipped_models", lambda: ())
    assert doctor._models().state is State.FAILED


def test_a_gpu_that_torch_cannot_use_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(doctor.torch.version, "cuda", None)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/nvidia-smi")
    found = doctor._gpu()
    assert found.state is State.NOTE
    assert "CPU build" in found.found


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("failed", 1)])
def test_exit_code_follows_the_worst_finding(
    state: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = [Finding("torch", State(state), "2.13", "Do this.")]
    monkeypatch.setattr(doctor, "examine", lambda _: findings)
    result = runner.invoke(app, ["doctor"])
    assert result.exit_code == code
    assert result.stdout == f"{state:6}  {'torch':16}  2.13\n{'':26}Do this.\n"


def test_json_holds_every_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda _: [Finding("torch", State.OK, "2.13")])
    result = runner.invoke(app, ["doctor", "--json"])
    assert json.loads(result.stdout) == [
        {"subject": "torch", "state": "ok", "found": "2.13", "advice": ""}
    ]
