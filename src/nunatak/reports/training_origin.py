"""What is needed to train a model again, for the reader of a report."""

import hashlib
import json
import shlex
import sys
from datetime import datetime
from pathlib import Path

from nunatak import __version__
from nunatak.learning.result import TrainingResult
from nunatak.learning.volumes.volume_result import VolumeTrainingResult


def origin_of_training(
    result: TrainingResult | VolumeTrainingResult, *, noun: str, contrast: str | None = None
) -> dict[str, str]:
    """Label what is needed to train the model again.

    Parameters
    ----------
    result
        Of the training.
    noun
        What an image is called.
    contrast
        ``"dark"`` or ``"light"``: particles as stored; None leaves it to the command.
    """
    header = result.model.header
    recorded = header.provenance
    start = recorded.get("start")
    named = (
        f"{start['name']} (sha256 {start['sha256']})"
        if isinstance(start, dict)
        else "random weights"
    )
    sizes = {kind.name: kind.diameter_A for kind in header.classes if kind.diameter_A is not None}
    return {
        "Command": shlex.join(sys.argv),
        "Model": f"{result.output} (sha256 {_sha256(result.output)})",
        "Start": named,
        "Particle diameter": ", ".join(
            f"{size_A:g} Å" if len(sizes) == 1 else f"{name} {size_A:g} Å"
            for name, size_A in sizes.items()
        ),
        "Network": f"{header.network.name}, {json.dumps(header.network.parameters.model_dump())}",
        "Settings": ", ".join(
            f"{name} {value}" for name, value in _settings(recorded).items() if name != "network"
        ),
        **({} if contrast is None else {"Contrast": f"{contrast} particles"}),
        "Validation": ", ".join(result.validation) or "none",
        "Training": f"{len(result.training)} {noun}s, {result.seconds:.0f} s, "
        f"{result.last_step} steps",
        "Checkpoints": str(result.folder),
        "Versions": f"nunatak {recorded.get('nunatak')}, torch {recorded.get('torch')}, "
        f"python {recorded.get('python')}",
        "Report": f"nunatak {__version__}, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
    }


def _settings(provenance: object) -> dict[str, object]:
    settings = provenance.get("settings", {}) if isinstance(provenance, dict) else {}
    return dict(settings) if isinstance(settings, dict) else {}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
