"""One voxel size out of three axes and three sources that may contradict each other."""

from pathlib import Path

from nunatak.errors import BadInput, Mismatch
from nunatak.images.pixel_size import agree, same


def settled_voxel_size_A(
    stated_A: tuple[float | None, float | None, float | None],
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


def _cubic(
    stated_A: tuple[float | None, float | None, float | None], path: Path, override: bool
) -> float | None:
    known = {axis: size for axis, size in zip("xyz", stated_A, strict=True) if size is not None}
    if not known:
        return None
    if same(min(known.values()), max(known.values())):
        return known.get("x", next(iter(known.values())))
    if override:
        return None
    shown = ", ".join(f"{size_A:.4g} Å in {axis}" for axis, size_A in known.items())
    raise Mismatch(
        f"{path}: voxels are not cubic: the header says {shown}. If the header is wrong, give "
        "--pixel-size with --override-pixel-size; otherwise resample the tomogram to cubic voxels "
        "first."
    )
