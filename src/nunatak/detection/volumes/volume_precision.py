"""Choose each class's threshold by the precision that it will give.

Classes are judged one by one, as `nunatak.detection.thresholds` judges micrographs: by the class's
table of thresholds and by the candidates at hand. Of a class whose table does not promise the
precision nothing is selected, so that it does not stand in the way of the others.
"""

import logging

import pandas as pd

from nunatak.detection.header import ModelHeader
from nunatak.detection.threshold_table import Expected
from nunatak.detection.thresholds import (
    ABOVE_ALL,
    ThresholdChoice,
    choose_threshold,
    highest_precision,
    require_share,
)
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.errors import UsageError

_MOST_NAMED = 5
_LONGEST_NAME = 200

_log = logging.getLogger(__name__)


def choose_thresholds(
    header: VolumeModelHeader, wanted_precision: float, candidates: pd.DataFrame
) -> dict[str, ThresholdChoice]:
    """Return each class's lowest threshold whose estimated precision is the wanted one.

    Parameters
    ----------
    header
        Of the model: its tables of thresholds, and where they come from.
    wanted_precision
        Share of the selected candidates of each class that should be right.
    candidates
        Of all tomograms at hand, with the columns ``class_name`` and ``score``.

    Returns
    -------
    dict of str to ThresholdChoice
        By class. Where no candidate is likely enough, the threshold lies above all of them; also
        for a class of which the model does not promise the precision, which is logged.

    Raises
    ------
    UsageError
        See `require_precision`.
    """
    require_precision(header, wanted_precision)
    unpromised = _unpromised(header, wanted_precision)
    for reason, names in unpromised.items():
        _log.warning(
            "no precision of %g is promised for %s: the model '%s' %s. None of it is selected; to "
            "select by score, give --threshold instead of --precision",
            wanted_precision,
            _shown(names),
            header.name,
            reason,
        )
    left_out = {name for names in unpromised.values() for name in names}
    nothing = ThresholdChoice(
        ABOVE_ALL, wanted_precision, None, Expected(0.0), volume_basis(header)
    )
    return {
        kind.name: nothing
        if kind.name in left_out
        else choose_threshold(
            _judged_class(header, kind),
            wanted_precision,
            candidates.loc[candidates["class_name"] == kind.name, "score"],
        )
        for kind in header.classes
    }


def require_precision(header: VolumeModelHeader, wanted_precision: float) -> None:
    """Refuse a precision that the model promises for none of its classes.

    Raises
    ------
    UsageError
        If the precision is no share, or if of every class it holds that there is no table, that
        none of its particles was found when the table was made, or that even its best scores are
        less likely right than wanted.
    """
    require_share(wanted_precision)
    unpromised = _unpromised(header, wanted_precision)
    if sum(map(len, unpromised.values())) < len(header.classes):
        return
    is_one = len(header.classes) == 1
    reasons = (
        reason if is_one else f"{reason} ({_shown(names)})" for reason, names in unpromised.items()
    )
    raise UsageError(
        f"The model '{header.name}' promises no precision of {wanted_precision:g}: it "
        f"{'; it '.join(reasons)}. Choose a threshold by its score with --threshold, ask for less, "
        "or train on more labels, with tomograms kept aside."
    )


def _unpromised(header: VolumeModelHeader, wanted_precision: float) -> dict[str, list[str]]:
    """Return why the precision is not promised, with the classes of which that holds."""
    found: dict[str, list[str]] = {}
    for kind in header.classes:
        table = kind.threshold_table
        if not table:
            reason = "was not judged on known particles"
        elif not any(row.recall for row in table):
            reason = "found none of the known particles when it was judged"
        elif (highest := highest_precision(table)) < wanted_precision:
            reason = f"reaches {highest:.3f} at most"
        else:
            continue
        found.setdefault(reason, []).append(kind.name)
    return found


def _shown(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if names[_MOST_NAMED:] else "")


def _judged_class(header: VolumeModelHeader, kind: VolumeClass) -> ModelHeader:
    """Put a class's table where the judge of micrographs looks for it."""
    name = header.name if len(header.classes) == 1 else f"{header.name}, class {kind.name}"
    return ModelHeader(
        name=name[:_LONGEST_NAME],
        normalisation=header.normalisation,
        default_threshold=kind.threshold,
        score_floor=header.score_floor,
        threshold_table=kind.threshold_table,
        provenance={**header.provenance, "calibration": {"data": volume_basis(header)}},
    )


def volume_basis(header: VolumeModelHeader) -> str:
    """Say on which tomograms the tables rest."""
    kept_aside = header.provenance.get("validation")
    if not isinstance(kept_aside, list) or not kept_aside:
        return "tomograms that the model file does not name"
    noun = "tomogram" if len(kept_aside) == 1 else "tomograms"
    shown = _shown([str(name) for name in kept_aside])
    return f"{len(kept_aside)} {noun} kept aside in training ({shown})"
