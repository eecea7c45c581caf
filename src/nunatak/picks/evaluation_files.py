"""Where figures of merit may be written: never over picks, nor over a file of another kind."""

import json
from collections.abc import Sequence
from pathlib import Path

from nunatak.errors import UsageError
from nunatak.files import require_reachable

_FIGURES = {"average_precision", "left_out_truths", "n_resamples"}
"""What the JSON of every evaluation holds."""

_CURVE = "threshold,selected,true_positives,precision,recall,f1"


def check_evaluation_files(
    files: Sequence[Path], *, inputs: Sequence[Path], overwrite: bool = False
) -> None:
    """Refuse, before any work, to write figures or a curve to a path.

    Parameters
    ----------
    files
        Where to write.
    inputs
        The picks and the truth, which are never replaced.
    overwrite
        Replace other files, even if no earlier evaluation wrote them.

    Raises
    ------
    UsageError
        If a path is an input, is a folder or given twice, or is a file that no evaluation wrote;
        or if its folder is far from existing.
    """
    for place, path in enumerate(files):
        if path.is_dir():
            raise UsageError(f"{path}: is a folder. Give the name of a file.")
        if any(path.absolute() == other.absolute() for other in files[:place]):
            raise UsageError(f"{path}: is named twice. Give each file a name of its own.")
        require_reachable(path)
        if not path.exists():
            continue
        if any(one.exists() and one.samefile(path) for one in inputs):
            raise UsageError(f"{path}: is one of the files that are judged. Write elsewhere.")
        if not overwrite and not _is_evaluation(path):
            raise UsageError(
                f"{path} exists and does not come from nunatak evaluate. Write elsewhere, or give "
                "--overwrite."
            )


def _is_evaluation(path: Path) -> bool:
    if not path.is_file():
        return False  # reading a terminal, say, would wait for somebody to type
    try:
        with path.open(encoding="utf-8") as stream:
            if stream.readline().rstrip("\n").removeprefix("class_name,") == _CURVE:
                return True
            stream.seek(0)
            values = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return False  # what cannot be read cannot be known
    return isinstance(values, dict) and values.keys() >= _FIGURES
