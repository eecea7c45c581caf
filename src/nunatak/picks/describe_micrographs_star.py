"""A STAR file that lists micrographs in words: it holds no picks."""

from pathlib import Path

from nunatak.errors import BadInput
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_star import read_micrograph_star
from nunatak.picks.evaluation import listed
from nunatak.picks.formats.registry import HEAD_BYTES
from nunatak.picks.formats.star import read_star

_MOST_GROUPS = 5


def lists_micrographs(file: Path) -> bool:
    """Whether this is a STAR file that names micrographs, and neither picks nor files of picks."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False  # Whoever reads it next says what is wrong.
    others = (b"_rlnCoordinateX", b"_rlnMicrographCoordinates")
    names = b"data_" in head and b"_rlnMicrographName" in head
    return names and not any(label in head for label in others)


def describe_micrographs_star(file: Path) -> dict[str, str]:
    """Describe it by label and text, in the order in which to show them.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    micrographs = read_micrograph_star(file)
    names = dict.fromkeys(name for name, _ in micrographs)
    tables = read_star(file)
    optics = [table for table in tables if table.block == "optics"]
    text = {
        "file": str(file),
        "kind": "list of micrographs",
        "micrographs": f"{len(names)} ({_number_there(file)} of them there)",
    }
    if optics:
        groups = tuple(optics[0].columns.get("rlnOpticsGroupName", []))
        shown = f" ({listed(groups, _MOST_GROUPS)})" if groups else ""
        text["optics groups"] = f"{len(optics[0])}{shown}"
    sizes_A = sorted({size_A for _, size_A in micrographs if size_A is not None})
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
