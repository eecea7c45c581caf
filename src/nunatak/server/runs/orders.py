"""What a run is asked to do, as its record keeps it."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from nunatak.errors import BadInput
from nunatak.server.bodies.runs import PickAsked, PruneAsked, TrainAsked
from nunatak.workspace.connection import Workspace

GENERAL = "general"
SHIPPED = {2: "general-2d", 3: "general-3d"}
MODEL = "model.safetensors"
LESSON = "lesson.json"
"""File in a run's folder: what a training was given."""


class PickOrder(PickAsked):
    """Pick all images.

    Attributes
    ----------
    pick_set : int or None
        To go on with; None begins a new one.
    contrast : str or None
        Of the particles, where a training found it out.
    """

    pick_set: int | None = None
    contrast: Literal["dark", "light"] | None = None


Order = Annotated[PickOrder | TrainAsked | PruneAsked, Field(discriminator="kind")]
_ORDER: TypeAdapter[PickOrder | TrainAsked | PruneAsked] = TypeAdapter(Order)


def order_of(asked: dict[str, Any]) -> PickOrder | TrainAsked | PruneAsked:
    """Return what a run's record says."""
    return _ORDER.validate_python(asked)


def model_file(workspace: Workspace, model: str, ndim: int) -> str:
    """Return the path, or the shipped name, of the model that a request means.

    Raises
    ------
    BadInput
        If that run left no model.
    """
    if model == GENERAL:
        return SHIPPED[ndim]
    number = int(model.removeprefix("run-"))
    path: Path = workspace.run_folder(number) / MODEL
    if not path.is_file():
        raise BadInput(f"Run {number} left no model. Choose another model.")
    return str(path)
