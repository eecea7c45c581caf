"""What settings say about a training beyond its optimisation."""

from typing import Any

from pydantic import BaseModel

from nunatak.training.config import TrainingConfig

_OPTIMISED = frozenset({*TrainingConfig.model_fields, "seed"})


def own_settings(settings: BaseModel) -> dict[str, Any]:
    """Return what decides the course of a training and `nunatak.training.loop.fit` cannot know.

    A training that is gone on with is compared with its checkpoint: what its optimiser and its
    seed say already would be named twice where it differs.

    Parameters
    ----------
    settings
        Of a training on micrographs or tomograms.

    Returns
    -------
    dict
        JSON values.

    Examples
    --------
    >>> from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
    >>> found = own_settings(VolumeLearningSettings())
    >>> "crop_px" in found, "steps" in found
    (True, False)
    """
    return settings.model_dump(mode="json", exclude=set(_OPTIMISED))
