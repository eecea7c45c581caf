"""Give the images of several pick sets names in common, and the sets themselves short names."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from nunatak.errors import Mismatch, UsageError
from nunatak.picks.formats.tomograms.relion_tomo_names import matched
from nunatak.picks.names import NameIndex, stem_of

_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9_.-]+")


def common_names(lists: Sequence[Sequence[str]], *, of_tomograms: bool = False) -> dict[str, str]:
    """Return the one name of each image, by every name that a set gives it.

    Names are matched by the rules of `nunatak.picks.names`: one name is one image in all sets,
    two names in one set are two images, and a stem that fits several is refused.

    Parameters
    ----------
    lists
        Names of the images of each set.
    of_tomograms
        Also match names by their tilt series.

    Returns
    -------
    dict of str to str
        For each name in the lists, that of the set that states the longest path.

    Raises
    ------
    Mismatch
        If a name fits several images, or two names of one set would become one image.

    Examples
    --------
    >>> common_names([["a", "b"], ["job1/a.mrc"]])
    {'job1/a.mrc': 'job1/a.mrc', 'a': 'job1/a.mrc', 'b': 'b'}
    """
    common: dict[str, str] = {}
    images: dict[str, None] = {}
    # Long paths first: a stem can be told to mean a path, but a path is more than a stem.
    for names in sorted(lists, key=_detail, reverse=True):
        found = _found([*names], [*images], of_tomograms=of_tomograms, known=frozenset(common))
        for name in names:
            common.setdefault(name, found.get(name, name))
        _refuse_two_in_one(names, common)
        images.update((common[name], None) for name in names)
    return common


def set_labels(paths: Sequence[PurePath]) -> tuple[str, ...]:
    """Return a short name of each file: its stem, with as many folders as tell the files apart.

    Raises
    ------
    UsageError
        If two files cannot be told apart.

    Examples
    --------
    >>> set_labels([PurePath("topaz.star"), PurePath("job3/picks.box")])
    ('topaz', 'picks')
    >>> set_labels([PurePath("topaz/picks.star"), PurePath("cryolo/picks.star")])
    ('topaz_picks', 'cryolo_picks')
    """
    parts = [(*path.parent.parts, path.stem or "picks") for path in paths]
    for depth in range(1, max(map(len, parts), default=1) + 1):
        labels = tuple(_NOT_IN_LABELS.sub("_", "_".join(one[-depth:])) for one in parts)
        if len({label.lower() for label in labels}) == len(labels):
            return labels
    raise UsageError(
        f"Two of the sets of picks have one name: {', '.join(map(str, paths))}. Give each set "
        "once, in a file of a name of its own."
    )


def checked_labels(labels: Sequence[str], number: int) -> tuple[str, ...]:
    """Return the labels, which become parts of columns' names.

    Raises
    ------
    UsageError
        If there is not one for each set, two cannot be told apart, or one holds other characters
        than letters, digits, ``_``, ``.`` and ``-``.
    """
    wrong = [label for label in labels if not label or _NOT_IN_LABELS.search(label)]
    if wrong:
        raise UsageError(
            f"{wrong[0]!r} cannot be the label of a set; take letters, digits, _, . and -."
        )
    if len(labels) != number or len({label.lower() for label in labels}) != number:
        raise UsageError(
            f"{number} sets of picks need as many different labels, found "
            f"{', '.join(labels) or 'none'}."
        )
    return tuple(labels)


def _detail(names: Sequence[str]) -> tuple[int, int]:
    return max((len(PurePath(name).parts) for name in names), default=0), len(names)


def _found(
    names: list[str], images: list[str], *, of_tomograms: bool, known: frozenset[str]
) -> dict[str, str]:
    """Return the image that each name means; a name of no image is absent."""
    resolution = NameIndex(images).resolve_all(names)
    found = dict(resolution.found)
    if of_tomograms:
        found |= matched(resolution.unmatched, images)
    stems = {stem_of(image) for image in images}
    for name, reason in resolution.unmatched.items():
        is_new = name not in found and name not in known and name not in resolution.others
        # What may well be one of the images must not be taken for a further one.
        if is_new and stem_of(name) in stems:
            raise Mismatch(reason)
    return found


def _refuse_two_in_one(names: Sequence[str], common: dict[str, str]) -> None:
    name_of: dict[str, str] = {}
    for name in dict.fromkeys(names):
        other = name_of.setdefault(common[name], name)
        if other != name:
            raise Mismatch(
                f"{other} and {name} are two images of one set, but by the names in the other "
                f"sets both would be {common[name]}. Name the images by their paths in all sets."
            )
