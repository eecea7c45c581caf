"""The model that judges picks: the shipped one for their kind of images, or the user's."""

from os import PathLike

from nunatak.errors import UsageError
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.pruning.model import GENERAL_PRUNER, PruningModel, load_pruner

SHIPPED = {2: GENERAL_PRUNER, 3: "general-pruner-3d"}
"""By the number of axes of the images."""


def chosen_model(model: PruningModel | str | PathLike[str] | None, ndim: int) -> PruningModel:
    """Return the classifier of picks.

    Parameters
    ----------
    model
        A classifier, or the path or name of one; None takes the shipped one.
    ndim
        2 for picks on micrographs, 3 for picks in tomograms.

    Raises
    ------
    UsageError
        If the model judges picks on the other kind of images.
    BadInput, FormatError
        As of `nunatak.pruning.model.load_pruner`.
    """
    if not isinstance(model, PruningModel):
        model = load_pruner(SHIPPED[ndim] if model is None else model)
    if model.header.ndim != ndim:
        raise UsageError(
            f"{model.path or model.header.name}: judges picks of {IMAGE_NOUN[model.header.ndim]}s, "
            f"and these are of {IMAGE_NOUN[ndim]}s. Give a model for {IMAGE_NOUN[ndim]}s, or leave "
            f"it out to take the shipped one ({SHIPPED[ndim]})."
        )
    return model
