"""Micrograph names and pixel sizes from RELION's STAR files, old layout and new.

Since RELION 3.1 the pixel size stands with the optics group of a micrograph; before, it
followed from the detector's pixel size and the magnification (RELION documentation,
"Conventions"). A table of particles or coordinates names micrographs, too, and serves as well.
"""

import math
from pathlib import Path
from urllib.parse import quote, unquote

from gemmi import cif

from nunatak.errors import FormatError
from nunatak.images.pixel_size import stated

_NAME = "_rlnMicrographName"
_GROUP = "_rlnOpticsGroup"
_SIZE = "_rlnMicrographPixelSize"
_MICROMETRE_A = 1e4
_ASCII = "".join(chr(code) for code in range(128) if chr(code) != "%")


def read_micrograph_star(path: Path) -> list[tuple[str, float | None]]:
    """List the micrographs that a STAR file names.

    Parameters
    ----------
    path
        Any STAR file with ``rlnMicrographName``.

    Returns
    -------
    list of (str, float or None)
        Names as they stand there, each pair once, in order of appearance; pixel size in
        ångström, None where the file states none.

    Raises
    ------
    FormatError
        If the file is no STAR file, names no micrographs, or its tables contradict themselves.
    """
    document, quoted = _document(path)
    optics = _optics_sizes(document, path)
    listed: dict[tuple[str, float | None], None] = {}
    for block in document:
        names = [cif.as_string(value) for value in block.find_values(_NAME)]
        if quoted:
            names = [unquote(name) for name in names]
        listed.update(dict.fromkeys(zip(names, _sizes(block, optics, path), strict=True)))
    if not listed:
        raise _without_names(document, path)
    return list(listed)


def _document(path: Path) -> tuple[cif.Document, bool]:
    """Parse; the flag says that characters beyond ASCII, unknown to CIF, are percent-encoded."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(path, "not a STAR file: not even text") from error
    try:
        quoted = not text.isascii()
        return cif.read_string(quote(text, safe=_ASCII) if quoted else text), quoted
    except (ValueError, RuntimeError) as error:
        raise FormatError(
            path,
            f"not readable as STAR ({error})",
            hint="The file may be cut off, or a row has too few or too many values.",
        ) from error


def _optics_sizes(document: cif.Document, path: Path) -> dict[str, float | None]:
    """Pixel size by optics group, from the table that has both and no micrographs."""
    for block in document:
        groups, sizes = block.find_values(_GROUP), block.find_values(_SIZE)
        if len(groups) == len(sizes) > 0 and not len(block.find_values(_NAME)):
            return {
                group: _number(size, _SIZE, path) for group, size in zip(groups, sizes, strict=True)
            }
    return {}


def _sizes(block: cif.Block, optics: dict[str, float | None], path: Path) -> list[float | None]:
    """Pixel size of each row that names a micrograph."""
    rows = len(block.find_values(_NAME))

    def column(tag: str) -> list[str]:
        values = list(block.find_values(tag))
        return values if len(values) == rows else []

    # A column has few distinct values, so each text is turned into a number once.
    if own := column(_SIZE):
        numbers = {text: _number(text, _SIZE, path) for text in set(own)}
        return [numbers[text] for text in own]
    groups = column(_GROUP)
    if groups and optics:
        unknown = set(groups) - set(optics)
        if unknown:
            raise FormatError(
                path,
                f"optics group {min(unknown)} is not in the optics table",
                field=_GROUP[1:],
                hint=f"Groups there: {', '.join(sorted(optics))}.",
            )
        return [optics[group] for group in groups]
    pairs = list(zip(column("_rlnDetectorPixelSize"), column("_rlnMagnification"), strict=False))
    legacy = {pair: _legacy_size(*pair, path) for pair in set(pairs)}
    return [legacy[pair] for pair in pairs] or [None] * rows


def _legacy_size(detector: str, magnification: str, path: Path) -> float | None:
    detector_um = _number(detector, "_rlnDetectorPixelSize", path)
    factor = cif.as_number(magnification)
    return stated(_MICROMETRE_A * detector_um / factor) if detector_um and factor > 0 else None


def _number(text: str, tag: str, path: Path) -> float | None:
    value = float(cif.as_number(text))
    if math.isnan(value) and not cif.is_null(text) and text.casefold() not in {"nan", "none"}:
        raise FormatError(path, f"{text!r} is not a number", field=tag[1:])
    return stated(value)


def _without_names(document: cif.Document, path: Path) -> FormatError:
    tags: list[str] = []
    for block in document:
        for item in block:
            if item.loop is not None:
                tags += item.loop.tags
            elif item.pair is not None:
                tag, _ = item.pair
                tags.append(tag)
    if "_rlnMicrographMovieName" in tags:
        hint = "It lists movies: correct their motion and give corrected_micrographs.star."
    else:
        hint = f"Columns found: {', '.join(tag[1:] for tag in tags[:12]) or 'none'}."
    return FormatError(path, "no micrographs, for want of rlnMicrographName", hint=hint)
