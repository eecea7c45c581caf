"""One pixel size out of three that may contradict each other: header, list and option."""

import math
from pathlib import Path

from nunatak.errors import Mismatch, UsageError

TOLERANCE = 0.01
"""Relative difference up to which two pixel sizes count as the same."""

SMALLEST_A = 0.01
LARGEST_A = 10_000.0
"""Outside these bounds a header's value is damage, not a magnification."""


def stated(value_A: float) -> float | None:
    """Return a header's pixel size, or None where it states nothing usable.

    Zero, negative, NaN, infinite and absurd values all mean that the program which wrote the
    file did not know.

    Examples
    --------
    >>> stated(1.06), stated(0.0), stated(float("nan")), stated(-1.06)
    (1.06, None, None, None)
    """
    return value_A if SMALLEST_A <= value_A <= LARGEST_A else None


def same(first_A: float, second_A: float) -> bool:
    """Tell whether two pixel sizes differ by at most 1 % of the larger."""
    return abs(first_A - second_A) <= TOLERANCE * max(first_A, second_A)


def square(
    x_A: float | None, y_A: float | None, *, path: Path, override: bool = False
) -> float | None:
    """Return the one pixel size of an image whose header states x and y apart.

    Parameters
    ----------
    x_A, y_A
        Pixel size along either axis, ångström; None where it is not stated.
    path
        The image, for the message.
    override
        Do not believe the header where the two differ: None is returned.

    Returns
    -------
    float or None
        The mean of both, or the one that is stated.

    Raises
    ------
    Mismatch
        If the two differ by more than 1 %: a particle would not be round.
    """
    if x_A is None or y_A is None:
        return x_A if y_A is None else y_A
    if same(x_A, y_A):
        return x_A if x_A == y_A else (x_A + y_A) / 2
    if override:
        return None
    raise Mismatch(
        f"{path}: pixels are not square: the header says {x_A:.4g} Å in x and {y_A:.4g} Å in y. "
        "If the header is wrong, give --pixel-size with --override-pixel-size; otherwise "
        "resample the image to square pixels first."
    )


def agree(
    header_A: float | None,
    listed_A: float | None,
    option_A: float | None,
    *,
    path: Path,
    override: bool = False,
) -> float | None:
    """Choose the pixel size to use, or refuse a contradiction.

    The option goes before the list (a STAR file), the list before the header; but none of
    them may contradict another by more than 1 %, because a wrong pixel size spoils every
    pick without a sign.

    Parameters
    ----------
    header_A
        From the image's header, ångström.
    listed_A
        From the STAR file that lists the image, ångström.
    option_A
        From the user, ångström.
    path
        The image, for the message.
    override
        Take the option (or else the list) whatever the others say.

    Returns
    -------
    float or None
        The pixel size in ångström, or None where nobody states one.

    Raises
    ------
    Mismatch
        If two of them differ by more than 1 %.
    UsageError
        If the option is not a size.

    Examples
    --------
    >>> agree(1.0601, None, 1.06, path=Path("a.mrc"))
    1.06
    """
    if option_A is not None and stated(option_A) is None:
        raise UsageError(
            f"--pixel-size {option_A:g}: not a pixel size. Give ångström per pixel, such as 1.06."
        )
    origins = (("--pixel-size", option_A), ("the list", listed_A), ("its header", header_A))
    known = [(origin, value) for origin, value in origins if value is not None]
    if not known:
        return None
    if not override:
        _refuse_contradiction(known, path)
    return known[0][1]


def _refuse_contradiction(known: list[tuple[str, float]], path: Path) -> None:
    chosen_origin, chosen_A = known[0]
    for origin, value_A in known[1:]:
        if same(chosen_A, value_A):
            continue
        hint = (
            " A header of exactly 1 Å is often a placeholder."
            if origin == "its header" and math.isclose(value_A, 1.0, rel_tol=1e-6)
            else ""
        )
        raise Mismatch(
            f"{path}: two pixel sizes: {chosen_origin} says {chosen_A:.5g} Å, {origin} says "
            f"{value_A:.5g} Å ({abs(chosen_A / value_A - 1):.1%} apart).{hint} Check which is "
            "right; if it is yours, give --pixel-size with --override-pixel-size."
        )
