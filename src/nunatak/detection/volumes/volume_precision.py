"""Choose each class's threshold by the precision that it will give.

Classes are judged one by one, as `nunatak.detection.thresholds` judges micrographs: by the class's
table of thresholds and by the candidates at hand.
"""

import pandas as pd

from nunatak.detection.header import ModelHeader
from nunatak.detection.thresholds import ThresholdChoice, choose_threshold, require_reachable
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.errors import UsageError

_MOST_NAMED = 5
_LONGEST_NAME = 200


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
        By class. Where no candidate is likely enough, the threshold lies above all of them.

    Raises
    ------
    UsageError
        See `require_precision`.
    """
    require_precision(header, wanted_precision)
    return {
        kind.name: choose_threshold(
            _judged_class(header, kind),
            wanted_precision,
            candidates.loc[candidates["class_name"] == kind.name, "score"],
        )
        for kind in header.classes
    }


def require_precision(header: VolumeModelHeader, wanted_precision: float) -> None:
    """Refuse a precision that the model does not promise for each of its classes.

    Raises
    ------
    UsageError
        If the precision is no share, a class has no table or none of its particles was found
        when the table was made, or even its best scores are less likely right than wanted.
    """
    unjudged = [
        kind.name for kind in header.classes if not any(row.recall for row in kind.threshold_table)
    ]
    if unjudged:
        shown = ", ".join(unjudged[:_MOST_NAMED]) + (", …" if unjudged[_MOST_NAMED:] else "")
        known = "known particles" + ("" if len(header.classes) == 1 else f" of {shown}")
        raise UsageError(
            f"The model '{header.name}' was not judged on {known}, so that no "
            "threshold can be chosen by its precision. Choose one by its score with --threshold, "
            "or train with tomograms kept aside that hold some."
        )
    for kind in header.classes:
        require_reachable(_judged_class(header, kind), wanted_precision)


def _judged_class(header: VolumeModelHeader, kind: VolumeClass) -> ModelHeader:
    """Put a class's table where the judge of micrographs looks for it."""
    name = header.name if len(header.classes) == 1 else f"{header.name}, class {kind.name}"
    return ModelHeader(
        name=name[:_LONGEST_NAME],
        normalisation=header.normalisation,
        default_threshold=kind.threshold,
        score_floor=header.score_floor,
        threshold_table=kind.threshold_table,
        provenance={**header.provenance, "calibration": {"data": _basis(header)}},
    )


def _basis(header: VolumeModelHeader) -> str:
    """Say on which tomograms the tables rest."""
    kept_aside = header.provenance.get("validation")
    if not isinstance(kept_aside, list) or not kept_aside:
        return "tomograms that the model file does not name"
    shown = ", ".join(str(name) for name in kept_aside[:_MOST_NAMED])
    more = ", …" if len(kept_aside) > _MOST_NAMED else ""
    noun = "tomogram" if len(kept_aside) == 1 else "tomograms"
    return f"{len(kept_aside)} {noun} kept aside in training ({shown}{more})"
