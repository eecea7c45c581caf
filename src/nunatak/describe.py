"""Any file that nunatak reads or writes, in words: images, lists, picks, a model, a training."""

import json
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from os import PathLike
from pathlib import Path

from nunatak.errors import BadInput, FormatError, NunatakError
from nunatak.images import describe as images
from nunatak.images.copick_config import is_copick_config
from nunatak.images.copick_project import read_copick_project
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_star import read_micrograph_star
from nunatak.images.reader import read_info
from nunatak.images.zarr_metadata import is_zarr
from nunatak.picks import describe as picks
from nunatak.picks.counted import counted
from nunatak.picks.formats import relion_autopick
from nunatak.picks.formats.registry import HEAD_BYTES, format_of
from nunatak.picks.formats.star import read_star

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
        a STAR file that lists micrographs, a pick file, the folder of an AutoPick job or of a
        training, a model, or the name of a model that ships with the package.

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
        return _folder(file)
    if is_copick_config(file):
        return images.describe_project(read_copick_project(file))
    if _lists_micrographs(file):
        return _micrograph_list(file)
    if _holds_picks(file):
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


def _folder(folder: Path) -> Description:
    """Describe a tomogram, a training, an AutoPick job or a folder of images."""
    if is_zarr(folder):
        return images.describe(read_info(folder))
    from nunatak.learning import record  # noqa: PLC0415 - torch takes seconds to load

    if record.is_training(folder):
        return {"file": str(folder), **record.describe(folder)}
    if (folder / relion_autopick.LIST_NAME).is_file():
        return picks.describe(folder)
    return _folder_of_images(folder)


def _lists_micrographs(file: Path) -> bool:
    """Whether this is a STAR file that names micrographs, and neither picks nor files of picks."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False  # Whoever reads it next says what is wrong.
    others = (b"_rlnCoordinateX", b"_rlnMicrographCoordinates")
    names = b"data_" in head and b"_rlnMicrographName" in head
    return names and not any(label in head for label in others)


def _micrograph_list(file: Path) -> Description:
    listed = read_micrograph_star(file)
    names = dict.fromkeys(name for name, _ in listed)
    tables = read_star(file)
    optics = [table for table in tables if table.block == "optics"]
    text = {
        "file": str(file),
        "kind": "list of micrographs",
        "micrographs": f"{len(names)} ({_number_there(file)} of them there)",
    }
    if optics:
        groups = optics[0].columns.get("rlnOpticsGroupName", [])
        shown = f" ({_in_words(list(groups))})" if groups else ""
        text["optics groups"] = f"{len(optics[0])}{shown}"
    sizes_A = sorted({size_A for _, size_A in listed if size_A is not None})
    text["pixel size"] = (
        ", ".join(f"{size:.6g}" for size in sizes_A) + " Å" if sizes_A else "not stated"
    )
    naming = next(table for table in tables if "rlnMicrographName" in table.columns)
    text["columns"] = ", ".join(naming.columns)
    return text


def _number_there(file: Path) -> int:
    try:
        return len(list_micrographs([file]))
    except BadInput:
        return 0


def _folder_of_images(folder: Path) -> Description:
    """Describe a folder by its images' number and by the headers of some of them."""
    try:
        listed = list_micrographs([folder])
    except BadInput as error:
        raise FormatError(
            folder, "a folder without images, and neither an AutoPick job nor a training"
        ) from error
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
