"""Every pick format by name, and which of them a file is in."""

from collections.abc import Iterable
from pathlib import Path

from nunatak.errors import FormatError, ResourceError, UsageError
from nunatak.picks.formats import (
    cryolo_cbox,
    cryoppp_csv,
    cryosparc_cs,
    csv_table,
    eman2_json,
    eman_box,
    parquet,
    relion_autopick,
    relion_star,
    topaz_tsv,
)
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.tomograms import (
    coords,
    copick_json,
    cryolo_volume_cbox,
    czii_csv,
    dynamo_tbl,
    em_motive_list,
    eman2_volume_json,
    imod_mod,
    portal_ndjson,
    relion4_star,
    relion5_star,
    warp_star,
)
from nunatak.picks.table import PickSet

FORMATS: dict[str, PickFormat] = {
    fmt.name: fmt
    for fmt in (
        relion_star.FORMAT,
        relion_autopick.FORMAT,
        topaz_tsv.FORMAT,
        eman_box.FORMAT,
        eman2_volume_json.FORMAT,
        eman2_json.FORMAT,
        cryolo_volume_cbox.FORMAT,
        cryolo_cbox.FORMAT,
        cryosparc_cs.FORMAT,
        csv_table.FORMAT,
        cryoppp_csv.FORMAT,
        parquet.FORMAT,
        relion5_star.FORMAT,
        relion4_star.FORMAT,
        warp_star.FORMAT,
        copick_json.FORMAT,
        portal_ndjson.FORMAT,
        czii_csv.FORMAT,
        coords.FORMAT,
        dynamo_tbl.FORMAT,
        em_motive_list.FORMAT,
        imod_mod.FORMAT,
    )
}
"""By name. Of several formats with one suffix, the first is the one that a suffix stands for."""

_OF_TOMOTWIN = ".tloc"

HEAD_BYTES = 65_536
"""How much of a file is looked at to tell its format."""


def format_named(name: str) -> PickFormat:
    """Return a format by its name.

    Raises
    ------
    UsageError
        If there is none; the message lists the names.

    Examples
    --------
    >>> format_named("topaz").title
    'Topaz table'
    """
    if name not in FORMATS:
        raise UsageError(f"There is no pick format {name!r}. Formats: {', '.join(FORMATS)}.")
    return FORMATS[name]


def format_of(path: Path) -> PickFormat:
    """Return the format that a file is in, by its name and its first bytes.

    The file name proposes, the content decides. Where the content fits none of the formats
    that the name proposes, the first of them is returned, so that its reader can say what is
    wrong.

    Parameters
    ----------
    path
        A file, or the folder of an AutoPick job.

    Raises
    ------
    FormatError
        If neither name nor content is that of a pick file.
    """
    if path.is_dir():
        if (path / relion_autopick.LIST_NAME).is_file():
            return relion_autopick.FORMAT
        raise FormatError(path, "a folder that is not an AutoPick job", hint=_known())
    head = _head(path)
    proposed = _with_suffix_of(path)
    for candidates in (proposed, FORMATS.values()):
        fitting = [fmt for fmt in candidates if fmt.sniff(head)]
        if fitting:
            return fitting[0]
    # A nested format's suffix says too little of a file with other content; but an empty file
    # may be one of its lists, without a pick.
    telling = [fmt for fmt in proposed if not (head and fmt.nested)]
    if telling:
        return telling[0]
    if path.suffix.lower() == _OF_TOMOTWIN:
        raise FormatError(
            path,
            "a table of TomoTwin, a Python pickle, which can run any code when it is opened; "
            "nothing was unpickled",
            hint=f"Export it in TomoTwin: 'tomotwin_pick.py -l {path.name} -o coords/' writes "
            "coordinates of each reference as .coords, which nunatak reads",
        )
    raise FormatError(path, "not a file of picks that nunatak knows", hint=_known())


def format_for_writing(path: Path, ndim: int = 2) -> PickFormat:
    """Return the format that the suffix of an output path stands for.

    Parameters
    ----------
    path
        To be written.
    ndim
        Of the picks: 2 on micrographs, 3 in tomograms.

    Raises
    ------
    UsageError
        If the suffix stands for none.

    Examples
    --------
    >>> format_for_writing(Path("picks.star")).name
    'relion-star'
    """
    fitting = [fmt for fmt in _with_suffix_of(path) if ndim in fmt.capabilities.dimensions]
    if not fitting:
        raise UsageError(
            f"{path}: the name does not say in which format to write. Give --to, one of "
            f"{', '.join(_holding(ndim))}; or end the name in one of {', '.join(_suffixes(ndim))}."
        )
    return fitting[0]


def refuse_dimensions(picks: PickSet, fmt: PickFormat) -> None:
    """Refuse to write picks in tomograms as picks on micrographs, or the other way round.

    Raises
    ------
    UsageError
        If the format does not hold such picks.
    """
    if picks.ndim not in fmt.capabilities.dimensions:
        what = {2: "picks on micrographs", 3: "picks in tomograms"}
        fitting = [f.name for f in FORMATS.values() if picks.ndim in f.capabilities.dimensions]
        held = " and ".join(what[ndim] for ndim in fmt.capabilities.dimensions)
        raise UsageError(
            f"{fmt.title} holds {held}, and these are {what[picks.ndim]}. Formats that hold them: "
            f"{', '.join(fitting)} (--to)."
        )


def _with_suffix_of(path: Path) -> list[PickFormat]:
    name = path.name.lower()
    return [fmt for fmt in FORMATS.values() if name.endswith(fmt.suffixes)]


def _holding(*ndim: int) -> dict[str, PickFormat]:
    """Return the formats that hold picks of one of these dimensions."""
    return {
        name: fmt for name, fmt in FORMATS.items() if set(ndim) & set(fmt.capabilities.dimensions)
    }


def _suffixes(*ndim: int) -> Iterable[str]:
    formats = _holding(*(ndim or (2, 3))).values()
    return dict.fromkeys(suffix for fmt in formats for suffix in fmt.suffixes)


def _known() -> str:
    return "Known endings: " + ", ".join(_suffixes())


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except FileNotFoundError:
        raise FormatError(path, "there is no such file") from None
    except OSError as error:
        raise ResourceError(f"{path}: cannot read ({error.strerror or error}).") from error
