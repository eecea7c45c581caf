"""What a pick may turn out to be."""

import pandas as pd

from nunatak.errors import BadInput

PARTICLE = "particle"
JUNK = "junk"
"""No particle, of a kind that nobody named."""

ICE, CARBON, GOLD, AGGREGATE = "ice", "carbon", "gold", "aggregate"
EMPTY, OFF_CENTRE, DUPLICATE, OTHER = "empty", "off_centre", "duplicate", "other"

SEEN_CLASSES = (PARTICLE, ICE, CARBON, GOLD, AGGREGATE, EMPTY, OFF_CENTRE, OTHER)
"""What the shipped classifier tells apart by the picture of a pick, in the order of its output."""

CLASSES = (*SEEN_CLASSES, DUPLICATE, JUNK)
"""Every class that a pick can be given; a duplicate is told by its neighbour, not its picture."""

_ALIASES = {
    PARTICLE: ("good", "keep", "kept", "positive", "true", "yes", "1"),
    JUNK: ("bad", "false", "negative", "no", "no particle", "none", "reject", "rejected", "0"),
    ICE: ("crystal", "crystalline ice", "frost", "ice crystal", "ice contamination"),
    CARBON: ("carbon edge", "edge", "film", "support"),
    GOLD: ("bead", "fiducial", "gold bead", "gold foil"),
    AGGREGATE: ("aggregation", "clump", "overlap", "overlapping"),
    EMPTY: ("background", "blank", "noise"),
    OFF_CENTRE: ("off-centre", "off centre", "off-center", "off center", "off_center"),
    DUPLICATE: ("double",),
    OTHER: ("broken", "contaminant", "contamination", "filament", "fragment", "vesicle"),
}
_CLASS_OF = {name: kind for kind in CLASSES for name in (kind, *_ALIASES[kind])}


def class_of(word: str) -> str:
    """Return the class that a person's word for a pick stands for.

    Parameters
    ----------
    word
        In any letter case: a class, or a common other name of it, such as ``"Good"``.

    Returns
    -------
    str
        One of `CLASSES`.

    Raises
    ------
    BadInput
        If the word is unknown.

    Examples
    --------
    >>> class_of("Good"), class_of("bad"), class_of("crystalline ice")
    ('particle', 'junk', 'ice')
    """
    try:
        return _CLASS_OF[word.strip().casefold()]
    except KeyError:
        raise BadInput(
            f"The label '{word}' is not known. Use {', '.join(CLASSES)}, or good and bad."
        ) from None


def is_particle(classes: pd.Series) -> pd.Series:
    """Tell which of some class names are particles."""
    return classes == PARTICLE
