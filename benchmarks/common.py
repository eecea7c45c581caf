"""What all benchmarks share: their options, and the file that holds a result."""

import argparse
import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import nunatak
from nunatak.detection.model import DetectorModel, load_model
from nunatak.files import write_text
from targets import judged, to_text

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
WORK = Path(__file__).resolve().parent / "work"
DATA = ROOT / ".." / "shared" / "data"
GENERAL_MODEL = "general-2d"

_LIBRARIES = ("torch", "numpy", "scipy")


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every benchmark has."""
    made = argparse.ArgumentParser(
        description=description.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    made.add_argument(
        "--results", type=Path, default=RESULTS, metavar="DIR", help="folder for the result"
    )
    made.add_argument("--seed", type=int, default=0, help="of everything random")
    return made


def add_data(made: argparse.ArgumentParser) -> None:
    """Add the option for the folder with the real micrographs."""
    made.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help="folder with the real micrographs"
    )


def add_work(made: argparse.ArgumentParser) -> None:
    """Add the option for the folder for large intermediate files."""
    made.add_argument(
        "--work",
        type=Path,
        default=WORK,
        metavar="DIR",
        help="folder for large intermediate files; what it holds is used again",
    )


def add_model(made: argparse.ArgumentParser) -> None:
    """Add the option for one model."""
    made.add_argument("--model", default=GENERAL_MODEL, help="model file or shipped model")


def add_draws(made: argparse.ArgumentParser) -> None:
    """Add the options for the number of draws of labels and of processor cores."""
    made.add_argument("--seeds", type=int, default=3, help="draws of labels")
    made.add_argument("--cores", type=int, default=2, help="processor cores")


def write_result(
    name: str,
    folder: Path,
    *,
    measured: Mapping[str, float],
    seeds: Mapping[str, int],
    content: Mapping[str, Any],
    load: Sequence[float],
) -> None:
    """Write a benchmark's result whole, and print how it compares with the targets.

    Parameters
    ----------
    name
        Of the benchmark: its script and its result file.
    folder
        Where to write ``<name>.json``.
    measured
        Figures to be judged, by key (see ``targets.py``).
    seeds
        By what they seed.
    content
        Everything else: JSON values.
    load
        Load of the machine before the benchmark began, from `machine_load`.
    """
    result = {
        "benchmark": name,
        "command": command_line(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": {**machine(), "load_before": list(load)},
        "seeds": dict(seeds),
        "targets": judged(name, measured),
        **content,
    }
    path = folder / f"{name}.json"
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")
    print(to_text(name, measured))
    print(f"\nwritten to {path}")


def command_line() -> str:
    """Return the command that runs this, without the folders of this machine."""
    words = (
        f".../{Path(word).name}" if Path(word).is_absolute() else word for word in sys.argv[1:]
    )
    return " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *words])


def versions() -> dict[str, str]:
    """Return versions, and a checksum that tells any state of nunatak's source from another."""
    package = Path(nunatak.__file__).parent
    checksum = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        checksum.update(path.relative_to(package).as_posix().encode())
        checksum.update(path.read_bytes())
    return {
        "nunatak": nunatak.__version__,
        "nunatak_source_sha256": checksum.hexdigest(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def machine() -> dict[str, Any]:
    """Describe the machine without naming it."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": _processor(), "cores": usable, "memory_GB": round(memory / 1e9, 1)}


def machine_load() -> list[float]:
    """Return the mean number of running processes over the last 1, 5 and 15 minutes."""
    return [round(load, 2) for load in os.getloadavg()]


def loaded_model(path_or_name: str) -> tuple[DetectorModel, dict[str, Any]]:
    """Load a model, and describe which one it is: JSON values."""
    model = load_model(path_or_name)
    recipe = model.header.provenance.get("recipe")
    excluded = recipe.get("excluded_maps", []) if isinstance(recipe, dict) else []
    return model, {
        "name": model.header.name,
        "file": "" if model.path is None else model.path.name,
        "sha256": model.sha256,
        "maps": model.header.provenance.get("maps", []),
        "excluded_maps": excluded,
        "default_threshold": model.header.default_threshold,
        "score_floor": model.header.score_floor,
    }


def rounded(value: Any, digits: int = 5) -> Any:
    """Round every float in nested JSON values to so many significant digits."""
    match value:
        case float():
            return float(f"{value:.{digits}g}")
        case dict():
            return {key: rounded(one, digits) for key, one in value.items()}
        case list() | tuple():
            return [rounded(one, digits) for one in value]
        case _:
            return value


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return mean, standard deviation over seeds (0 for a single one), least and greatest."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return {
        "mean": float(np.mean(values)),
        "deviation": deviation,
        "least": float(min(values)),
        "greatest": float(max(values)),
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Model"}:
                return value.strip()
    return platform.processor() or platform.machine()
