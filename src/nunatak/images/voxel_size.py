"""One voxel size out of three axes and three sources that may contradict each other."""

from pathlib import Path

from nunatak.errors import BadInput, Mismatch
from nunatak.images.pixel_size import agree, same

Sizes = tuple[float | None, float | None, float | None]
"""Along x, y and z, ångström; None where a header states none."""


def cubic_A(stated_A: Sizes) -> float | None:
    """Return the one voxel size that a header's three mean, by the rule of every reader.

    Parameters
    ----------
    stated_A
        Along x, y and z, ångström; None where the header states none.

    Returns
    -------
    float or None
        That along x, or else the first stated; None without any, or where two of them differ by
        more than 1 %.

    Examples
    --------
    >>> cubic_A((10.0, 10.0, 10.05)), cubic_A((None, 10.0, 10.0)), cubic_A((10.0, 10.0, 12.0))
    (10.0, 10.0, None)
    """
    known_A = [size_A for size_A in stated_A if size_A is not None]
    return known_A[0] if known_A and same(min(known_A), max(known_A)) else None


def settled_voxel_size_A(
    stated_A: Sizes,
    sizes: tuple[float | None, float | None],
    override: bool,
    path: Path,
) -> float:
    """Return the voxel size to use, or ask for it.

    Parameters
    ----------
    stated_A
        Along x, y and z in the header, ångström; None where it states none.
    sizes
        From the list and from the option, ångström.
    override
        Let the option (or else the list) win over a header that contradicts it or itself.
    path
        The tomogram, for messages.

    Returns
    -------
    float
        Ångström.

    Raises
    ------
    BadInput
        If nobody states one.
    Mismatch
        If the header's three differ by more than 1 %, or those of header, list and option do.
    UsageError
        If the option is not a size.
    """
    listed_A, option_A = sizes
    size_A = agree(
        _cubic(stated_A, path, override), listed_A, option_A, path=path, override=override
    )
    if size_A is None:
        raise BadInput(
            f"{path}: its voxel size is not known: the header states none. Give --pixel-size, in "
            "ångström."
        )
    return size_A


def _cubic(stated_A: Sizes, path: Path, override: bool) -> float | None:
    known = {axis: size for axis, size in zip("xyz", stated_A, strict=True) if size is not None}
    size_A = cubic_A(stated_A)
    if size_A is not None or not known or override:
        return size_A
    shown = ", ".join(f"{size_A:.4g} Å in {axis}" for axis, size_A in known.items())
    raise Mismatch(
        f"{path}: voxels are not cubic: the header says {shown}. If the header is wrong, give "
        "--pixel-size with --override-pixel-size; otherwise resample the tomogram to cubic voxels "
        "first."
    )
