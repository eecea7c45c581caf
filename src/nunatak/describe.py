"""Any file that nunatak reads or writes, in words: an image, picks, a model, a training."""

import json
from collections.abc import Iterable
from importlib import resources
from os import PathLike
from pathlib import Path

from nunatak.errors import FormatError, NunatakError
from nunatak.images import describe as images
from nunatak.images.reader import read_info
from nunatak.picks import describe as picks
from nunatak.picks.formats.registry import format_of

Description = dict[str, str]
"""Label to text with its unit, in the order in which to show them."""

_MODEL_SUFFIXES = frozenset({".safetensors", ".sav", ".pt", ".pth", ".pkl", ".ckpt"})
"""What models are called, here and elsewhere: a foreign one is refused with the reason."""

_MOST_LISTED = 5
"""Of the entries of a long list; a model may have been trained on hundreds of micrographs."""


def describe(path: str | PathLike[str]) -> Description:
    """Describe one file, whatever it is.

    Parameters
    ----------
    path
        An image, a pick file, the folder of an AutoPick job or of a training, a model, or the
        name of a model that ships with the package.

    Returns
    -------
    dict of str to str
        Begins with ``file`` and ``kind``.

    Raises
    ------
    BadInput
        If the file is missing, damaged, or nothing that nunatak knows.
    """
    file = Path(path)
    if file.suffix.lower() in _MODEL_SUFFIXES or _names_shipped_model(file):
        # torch takes seconds to load, and neither images nor picks need it.
        from nunatak.detection import model  # noqa: PLC0415

        found = model.resolve(file)
        return {"file": str(found), **_with_readable_provenance(model.describe(found))}
    if file.is_dir():
        from nunatak.learning import record  # noqa: PLC0415

        if record.is_training(file):
            return {"file": str(file), **record.describe(file)}
    if file.is_dir() or _holds_picks(file):
        return picks.describe(file)
    try:
        return images.describe(read_info(file))
    except FormatError as error:
        if error.problem.startswith("neither "):
            problem = f"no image, no picks and no model: {error.problem}"
            raise FormatError(file, problem, hint="See the manual's page on formats") from error
        raise


def describe_all(
    paths: Iterable[str | PathLike[str]],
) -> tuple[list[Description], list[tuple[str, NunatakError]]]:
    """Describe many files; what is wrong with one does not keep the others from being shown.

    Returns
    -------
    descriptions : list of dict
        Of the files that could be read, in order.
    failures : list of tuple
        File and error of the others.
    """
    described, failures = [], []
    for path in paths:
        try:
            described.append(describe(path))
        except NunatakError as error:
            failures.append((str(path), error))
    return described, failures


def _holds_picks(file: Path) -> bool:
    try:
        format_of(file)
    except FormatError:
        return False
    return True


def _names_shipped_model(file: Path) -> bool:
    shipped = resources.files("nunatak") / "models" / f"{file}.safetensors"
    return not file.exists() and shipped.is_file()


def _with_readable_provenance(description: Description) -> Description:
    """Replace the JSON of a model's provenance by one line an entry."""
    others = {label: text for label, text in description.items() if label != "provenance"}
    provenance: dict[str, object] = json.loads(description.get("provenance", "{}"))
    return others | {f"provenance: {key}": _in_words(value) for key, value in provenance.items()}


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{key} ({_in_words(inner)})"
            if isinstance(inner, dict)
            else f"{key} {_in_words(inner)}"
            for key, inner in value.items()
            if key != "provenance"  # that of another model, which tells of it itself
        )
    if isinstance(value, list):
        shown = [*map(_in_words, value[:_MOST_LISTED])]
        more = len(value) - len(shown)
        return ", ".join([*shown, *([f"and {more} more"] if more else [])]) or "none"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
