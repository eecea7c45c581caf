"""Write a report on a training: one HTML file that needs nothing else."""

import hashlib
import json
import shlex
import sys
from datetime import datetime
from os import PathLike
from pathlib import Path

from nunatak import __version__
from nunatak.learning.result import TrainingResult
from nunatak.reports.destination import check_destination
from nunatak.reports.rendering import write_page
from nunatak.reports.training_page import compose


def build_training_report(
    result: TrainingResult, output: str | PathLike[str], *, redo: bool = False
) -> Path:
    """Write a report on a training as a single HTML file.

    It shows what was odd about the labels, the course of the training, what thresholds give,
    and what the model finds on the validation micrographs.

    Parameters
    ----------
    result
        From `nunatak.train`.
    output
        The HTML file.
    redo
        Replace an existing ``output`` even if it is not a report.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UsageError
        If ``output`` must not be written.
    ResourceError
        If the file cannot be written.
    """
    path = Path(output)
    check_destination(path, redo=redo)
    write_page("training.html.j2", compose(result, provenance=_origin(result)), path)
    return path


def _origin(result: TrainingResult) -> dict[str, str]:
    """Label what is needed to train the model again."""
    header = result.model.header
    recorded = header.provenance
    start = recorded.get("start")
    named = (
        f"{start['name']} (sha256 {start['sha256']})"
        if isinstance(start, dict)
        else "random weights"
    )
    classes = (kind.diameter_A for kind in header.classes)
    return {
        "Command": shlex.join(sys.argv),
        "Model": f"{result.output} (sha256 {_sha256(result.output)})",
        "Start": named,
        "Particle diameter": ", ".join(f"{size:g} Å" for size in classes if size is not None),
        "Network": f"{header.network.name}, {json.dumps(header.network.parameters.model_dump())}",
        "Settings": ", ".join(
            f"{name} {value}" for name, value in _settings(recorded).items() if name != "network"
        ),
        "Contrast": f"{result.contrast} particles",
        "Validation": ", ".join(result.validation) or "none",
        "Training": f"{len(result.training)} micrographs, {result.seconds:.0f} s, "
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
