"""Any file that nunatak reads or writes, in words: images, lists, picks, a model, a training."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

from nunatak.errors import BadInput, FormatError, NunatakError
from nunatak.images import describe as images
from nunatak.images.copick_config import is_copick_config
from nunatak.images.copick_project import (
    only_copick_config,
    read_copick_project,
    read_copick_root,
)
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.reader import read_info
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.images.zarr_metadata import is_zarr
from nunatak.picks import describe as picks
from nunatak.picks.counted import counted
from nunatak.picks.describe_micrographs_star import describe_micrographs_star, lists_micrographs
from nunatak.picks.describe_tomograms_star import describe_tomograms_star, lists_tomograms
from nunatak.picks.formats import relion_autopick
from nunatak.picks.formats.registry import format_of

Description = dict[str, str]
"""Label to text with its unit, in the order in which to show them."""

_MODEL_SUFFIXES = frozenset({".safetensors", ".sav", ".pt", ".pth", ".pkl", ".ckpt"})
"""What models are called, here and elsewhere: a foreign one is refused with the reason."""

_MOST_LISTED = 5
"""Of the entries of a long list; a model may have been trained on hundreds of micrographs."""

_MOST_HEADERS = 20
"""Of the images of a folder, evenly spread: thousands of headers take minutes on a network disk."""

_COMMON = ("kind", "format", "size", "pixel type", "pixel size", "voxel size")
"""Of an image's description, what the images of one folder usually share."""


def describe(path: str | PathLike[str]) -> Description:
    """Describe one file, whatever it is.

    Parameters
    ----------
    path
        An image, an OME-Zarr tomogram, the configuration of a copick project, a folder of images,
        a STAR file that lists micrographs or tomograms, a pick file, the folder of an AutoPick
        job, of a copick project or of a training, a model, a checkpoint of a training, or the
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
    of_its_kind = next((words for fits, words in _KINDS if fits(file)), _image)
    return of_its_kind(file)


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


def _is_model(file: Path) -> bool:
    return file.suffix.lower() in _MODEL_SUFFIXES or _names_shipped_model(file)


def _model(file: Path) -> Description:
    """Describe a model, or the training of which the file is a checkpoint."""
    # torch takes seconds to load, and neither images nor picks need it.
    from nunatak.detection import model  # noqa: PLC0415
    from nunatak.learning import record  # noqa: PLC0415
    from nunatak.pruning import model as pruner  # noqa: PLC0415

    if record.is_checkpoint(file):
        described = record.describe(file.parent)
        return {"file": str(file), **described, "kind": "checkpoint of a training, no model"}
    found = model.resolve(file)
    described = pruner.describe(found) if pruner.is_pruner(found) else model.describe(found)
    return {"file": str(found), **_with_readable_provenance(described)}


def _image(file: Path) -> Description:
    try:
        return images.describe(read_info(file))
    except FormatError as error:
        if error.problem.startswith("neither "):
            problem = f"no image, no picks and no model: {error.problem}"
            raise FormatError(file, problem, hint="See the manual's page on formats") from error
        raise


def _project(config: Path) -> Description:
    return images.describe_project(read_copick_project(config))


def _folder(folder: Path) -> Description:
    """Describe a tomogram, a training, an AutoPick job, a project or a folder of images."""
    if is_zarr(folder):
        return images.describe(read_info(folder))
    from nunatak.learning import record  # noqa: PLC0415 - torch takes seconds to load

    if record.is_training(folder):
        return {"file": str(folder), **record.describe(folder)}
    if (folder / relion_autopick.LIST_NAME).is_file():
        return picks.describe(folder)
    root = read_copick_root(folder)
    if root is not None:
        described = images.describe_project(root) | {"kind": "data of a copick project"}
        return described | {"objects": "not known: give the project's configuration, a JSON file"}
    try:
        listed = list_micrographs([folder])
    except BadInput as error:
        return _folder_without_micrographs(folder, error)
    return _folder_of_images(folder, listed)


def _folder_without_micrographs(folder: Path, error: BadInput) -> Description:
    """Describe the copick project or the OME-Zarr tomograms of a folder."""
    config = only_copick_config(folder)
    if config is not None:
        return _project(config)
    try:
        listed = list_tomograms([folder])
    except BadInput:
        raise FormatError(
            folder,
            "a folder without images, and neither an AutoPick job, a copick project nor a training",
        ) from error
    return _folder_of_images(folder, listed)


def _folder_of_images(folder: Path, listed: MicrographList) -> Description:
    """Describe a folder by its images' number and by the headers of some of them."""
    step = -(-len(listed) // _MOST_HEADERS)
    looked_at = [one.path for one in listed][::step]
    common: dict[str, Counter[str]] = {label: Counter() for label in _COMMON}
    unreadable = []
    for path in looked_at:
        try:
            described = images.describe(read_info(path))
        except NunatakError as error:
            unreadable.append(str(error))
            continue
        for label in described.keys() & common:
            common[label][described[label]] += 1
    text = {"file": str(folder), "kind": "folder of images", "images": str(len(listed))}
    if step > 1:
        text["headers read"] = f"{len(looked_at)}, evenly spread"
    for label, texts in common.items():
        if texts:
            text["of kind" if label == "kind" else label] = _tallied(texts)
    if unreadable:
        text["unreadable"] = f"{counted(len(unreadable), 'image')}, such as {unreadable[0]}"
    if listed.missing:
        first = listed.missing[0]
        files = counted(len(listed.missing), "file")
        text["unusable"] = f"{files}, such as {first.name}: {first.problem}"
    if listed.notes:
        text["notes"] = "; ".join(listed.notes)
    return text


def _tallied(texts: Counter[str]) -> str:
    if len(texts) == 1:
        return next(iter(texts))
    return _in_words([f"{text} ({number})" for text, number in texts.most_common()])


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
    provenance: dict[str, Any] = json.loads(description.get("provenance", "{}"))
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


_KINDS: tuple[tuple[Callable[[Path], bool], Callable[[Path], Description]], ...] = (
    (_is_model, _model),
    (Path.is_dir, _folder),
    (is_copick_config, _project),
    (lists_tomograms, describe_tomograms_star),
    (lists_micrographs, describe_micrographs_star),
    (_holds_picks, picks.describe),
)
"""How a kind of file is told, and how it is described; the first that fits counts."""
