"""Examine an installation: what works, what is missing, what would make it faster."""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata, resources
from pathlib import Path

import torch
from torch import Tensor

from nunatak import __version__
from nunatak.detection.model import DetectorModel, load_model, shipped_models
from nunatak.detection.precision import choose_dtype
from nunatak.detection.volumes.volume_model import (
    VolumeModel,
    is_volume_model,
    load_volume_model,
)
from nunatak.errors import BadInput
from nunatak.files import written_whole
from nunatak.pruning.model import PruningModel, is_pruner, load_pruner

LOW_DISK_BYTES = 1_000_000_000
CHECKSUMS = "SHA256SUMS"
"""In the folder of the shipped models, as written by ``sha256sum``."""


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    subject : str
        What was checked.
    state : State
        `State.FAILED` means that nunatak will not work as it should.
    found : str
        In words.
    advice : str
        What to do, where something should be done.
    """

    subject: str
    state: State
    found: str
    advice: str = ""


def examine(folder: Path) -> list[Finding]:
    """Run every check; a check that breaks is a finding like any other.

    Parameters
    ----------
    folder
        Where the user works: its file system and free space are checked.

    Returns
    -------
    list of Finding
        In the order in which to show them.
    """
    temporary = Path(tempfile.gettempdir())
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("python", _python),
        ("dependencies", _dependencies),
        ("torch", _torch),
        ("threads", _threads),
        ("bf16", _bf16),
        ("GPU", _gpu),
        ("working folder", lambda: _file_system("working folder", folder)),
        ("temporary folder", lambda: _file_system("temporary folder", temporary)),
        ("general models", _models),
    ]
    return [_guarded(subject, check) for subject, check in checks]


def _guarded(subject: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # a broken installation may raise anything
        return Finding(subject, State.FAILED, f"{type(error).__name__}: {error}")


def _python() -> Finding:
    found = f"nunatak {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return Finding("python", State.OK, found)


def _dependencies() -> Finding:
    required = [
        requirement.partition(";")[0]
        for requirement in metadata.requires("nunatak") or []
        if "extra ==" not in requirement
    ]
    names = [requirement.partition(">")[0].strip() for requirement in required]
    versions, missing = [], []
    for name in names:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        advice = f"pip install {' '.join(missing)}"
        return Finding("dependencies", State.FAILED, f"missing: {', '.join(missing)}", advice)
    return Finding("dependencies", State.OK, ", ".join(versions))


def _torch() -> Finding:
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU only"
    instructions = torch.backends.cpu.get_cpu_capability()
    result = float(torch.ones(1, 1, 8, 8).mean())
    if result != 1.0:
        return Finding("torch", State.FAILED, f"the mean of ones is {result}", "Reinstall torch.")
    return Finding("torch", State.OK, f"{torch.__version__}, {build}, {instructions}")


def _threads() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    used = torch.get_num_threads()
    found = f"{used} used by torch, {usable} cores for this process"
    if usable is not None and used > usable:
        advice = f"Set OMP_NUM_THREADS={usable}: more threads than cores make everything slower."
        return Finding("threads", State.NOTE, found, advice)
    return Finding("threads", State.OK, found)


def _bf16() -> Finding:
    units = _bf16_units()
    image = torch.ones(1, 24, 384, 384).to(memory_format=torch.channels_last)
    network = torch.nn.Conv2d(24, 24, 3)
    with torch.inference_mode():
        float32_s = _fastest(lambda: network(image))
        half, half_image = network.to(torch.bfloat16), image.to(torch.bfloat16)
        bf16_s = _fastest(lambda: half(half_image))
    chosen = str(choose_dtype(torch.device("cpu"))).removeprefix("torch.")
    found = (
        f"units: {', '.join(units) or 'none'}; one convolution {1e3 * float32_s:.1f} ms in "
        f"float32, {1e3 * bf16_s:.1f} ms in bf16; 'pick' takes {chosen} on this processor"
    )
    return Finding("bf16", State.OK, found)


def _bf16_units() -> list[str]:
    information = Path("/proc/cpuinfo")
    if not information.is_file():
        return []
    flags = set(information.read_text(encoding="utf-8", errors="replace").split())
    return sorted(flags & {"amx_bf16", "avx512_bf16", "bf16", "avx_ne_convert"})


def _fastest(work: Callable[[], Tensor], *, repeats: int = 5) -> float:
    """Seconds of the quickest of several runs, after one that does not count."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _gpu() -> Finding:
    if torch.cuda.is_available():
        devices = [
            torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())
        ]
        found = ", ".join(f"{d.name}, {d.total_memory / 2**30:.0f} GiB" for d in devices)
        return Finding("GPU", State.OK, found)
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        reason = "this torch is a CPU build" if torch.version.cuda is None else "CUDA did not start"
        advice = "docs/install.md says how to choose the build of torch."
        return Finding("GPU", State.NOTE, f"an NVIDIA driver is here, but {reason}", advice)
    return Finding("GPU", State.OK, "none; the processor does the work")


def _file_system(subject: str, folder: Path) -> Finding:
    with tempfile.TemporaryDirectory(prefix=".nunatak-doctor-", dir=folder) as scratch:
        target = Path(scratch) / "probe.txt"
        for text in ("old", "new"):
            with written_whole(target) as probe:
                probe.write_text(text, encoding="utf-8")
        if target.read_text(encoding="utf-8") != "new":
            advice = "Results may be lost here: work on another file system."
            return Finding(subject, State.FAILED, "a renamed file kept its old content", advice)
    free = shutil.disk_usage(folder).free
    found = f"{folder}: files are replaced in one step; {free / 1e9:.1f} GB free"
    if free < LOW_DISK_BYTES:
        return Finding(subject, State.NOTE, found, "Free some space before a long run.")
    return Finding(subject, State.OK, found)


def _models() -> Finding:
    folder = Path(str(resources.files("nunatak") / "models"))
    names = shipped_models()
    if not names:
        advice = "Reinstall nunatak; without it, 'pick' needs --model."
        return Finding("general models", State.FAILED, f"none in {folder}", advice)
    expected = _checksums(folder / CHECKSUMS)
    for name in names:
        sha256 = _load(name).sha256
        file = f"{name}.safetensors"
        if expected.get(file) != sha256:
            found = f"{file} is not the file that was released (sha256 {sha256[:12]}…)"
            return Finding("general models", State.FAILED, found, "Reinstall nunatak.")
    return Finding("general models", State.OK, f"{', '.join(names)}: complete and unchanged")


def _load(name: str) -> DetectorModel | VolumeModel | PruningModel:
    if is_pruner(name):
        return load_pruner(name)
    return load_volume_model(name) if is_volume_model(name) else load_model(name)


def _checksums(path: Path) -> dict[str, str]:
    """Read ``<sha256>  <file>`` lines into a mapping from file to checksum."""
    if not path.is_file():
        raise BadInput(f"{path} is missing: the shipped models cannot be verified.")
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return {name.lstrip("*"): checksum for checksum, name in pairs}
