"""Say when a run's numbers look like a mistake: most often a diameter or a pixel size."""

from nunatak.detection.result import PickResult

DOUBTED_BELOW_PX = 6.0
"""Smallest sensible extent of a particle, pixels as stored: of fewer, noise has the same shape."""

MANY_CANDIDATES = 20
"""From so many on, it is no accident that none is selected."""


def doubt_about_size(diameter_A: float, pixel_size_A: float) -> str | None:
    """Doubt a diameter of very few stored pixels; None if there is nothing to doubt.

    Examples
    --------
    >>> doubt_about_size(20, 4)  # doctest: +ELLIPSIS
    'a particle of 20 Å spans only 5 pixels of 4 Å. Check ...'
    """
    extent_px = diameter_A / pixel_size_A
    if extent_px >= DOUBTED_BELOW_PX:
        return None
    return (
        f"a particle of {diameter_A:g} Å spans only {extent_px:.2g} pixels of {pixel_size_A:g} Å. "
        "Check the diameter and the pixel size (both in Å)"
    )


def doubt_about_selection(result: PickResult) -> str | None:
    """Doubt a run with many candidates and none selected; None if there is nothing to doubt."""
    count = len(result.picks)
    if count < MANY_CANDIDATES or result.selected_count:
        return None
    options, best = result.options, result.picks.table["score"].max()
    if best >= options.threshold:
        return (
            f"none of {count} candidates is selected: those that pass the threshold lie within "
            f"the border of {options.border_A:g} Å"
        )
    return (
        f"none of {count} candidates is selected: the best score is {best:.4g}, the threshold "
        f"{options.threshold:g}. Check the diameter, the pixel size and the contrast, or lower "
        "the threshold"
    )
