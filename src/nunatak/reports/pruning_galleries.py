"""Choose the picks whose crops show what a pruning did."""

import pandas as pd

from nunatak.pruning.classes import PARTICLE
from nunatak.pruning.kinds import kinds_of
from nunatak.reports.axes import grouped_digits
from nunatak.reports.galleries import CLASSES_SHOWN, IMAGES_OPENED, PICKS_SHOWN, Gallery
from nunatak.sampling import evenly

_NOTES = {
    "keep": "Spread evenly over their ranks, the most probable particles first.",
    "review": "Neither sure enough to be kept nor to be rejected; a label on one of these "
    "teaches more than one on a clear case.",
    "reject": "Spread evenly over their ranks, those nearest to a particle first.",
}
_TITLES = {"keep": "Kept", "review": "Borderline", "reject": "Rejected"}
_SHOWN = {"keep": 2, "review": 4, "reject": CLASSES_SHOWN}
"""Classes of each decision with galleries of their own at most, those with the most picks."""


class Opened:
    """The images that are opened anyway: from these, a further crop costs next to nothing."""

    def __init__(self, images: list[str]) -> None:
        self._images = dict.fromkeys(images)

    def spread(self, rows: pd.DataFrame, n_picks: int = PICKS_SHOWN) -> pd.DataFrame:
        """Return rows spread evenly over their order, from a few images.

        Parameters
        ----------
        rows
            Of a pick table.
        n_picks
            Rows to return at most.

        Returns
        -------
        DataFrame
            From `IMAGES_OPENED` images at most, those that are opened anyway first; they count
            as opened from now on.
        """
        images = [str(image) for image in rows["image"].unique()]
        known = [image for image in images if image in self._images]
        new = [image for image in images if image not in self._images]
        room = IMAGES_OPENED - min(len(known), IMAGES_OPENED)
        chosen = [known[at] for at in evenly(len(known), IMAGES_OPENED)]
        chosen += [new[at] for at in evenly(len(new), room)]
        few = rows[rows["image"].isin(chosen)]
        shown = few.iloc[evenly(len(few), n_picks)]
        self._images |= dict.fromkeys(str(image) for image in shown["image"].unique())
        return shown


def choose_galleries(table: pd.DataFrame, opened: Opened) -> list[Gallery]:
    """Choose kept, borderline and rejected picks of each predicted class.

    Parameters
    ----------
    table
        Pick table with ``probability``, ``predicted_class`` and ``decision``.
    opened
        Images that are opened anyway.

    Returns
    -------
    list of Gallery
        Those that have picks; within a decision, the class with the most picks first.
    """
    # A label decides on a pick that could not be seen, and that cannot be shown either.
    seen = table[table["probability"].notna()]
    falling = seen.sort_values("probability", ascending=False, kind="stable")
    shown = shown_as(falling)
    has_kinds = len(set(kinds_of(table))) > 1
    galleries = []
    for decision, title in _TITLES.items():
        own = falling[falling["decision"] == decision]
        names = shown[own.index]
        most = CLASSES_SHOWN if has_kinds else _SHOWN[decision]
        for name, count in names.value_counts(sort=True).head(most).items():
            rows = opened.spread(own[names == name])
            galleries.append(
                Gallery(
                    f"{title}: {name}",
                    f"{grouped_digits(int(count))} picks. {_NOTES[decision]}",
                    rows,
                )
            )
    return galleries


def shown_as(table: pd.DataFrame) -> pd.Series:
    """Return what each pick is shown as: its predicted class, of a particle its kind if stated.

    Parameters
    ----------
    table
        Pick table with ``predicted_class``.

    Returns
    -------
    Series of str
        With the table's index.
    """
    words = table["predicted_class"].map(lambda name: class_in_words(str(name)))
    kinds = kinds_of(table)
    return words.mask((table["predicted_class"] == PARTICLE) & (kinds != ""), kinds)


def class_in_words(name: str) -> str:
    """Return a class as a reader is told of it.

    Examples
    --------
    >>> class_in_words("off_centre")
    'off centre'
    """
    return name.replace("_", " ") or "no class"
