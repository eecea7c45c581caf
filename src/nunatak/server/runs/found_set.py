"""What a model brings to a set of picks, besides the candidates."""

from typing import Any

from pydantic import Field

from nunatak.detection.header import FrozenModel, ThresholdRow
from nunatak.workspace.project import Contrast


class SetFacts(FrozenModel):
    """What is kept with a set, so that its scores can be read without the model.

    Attributes
    ----------
    model : str
        Name of the model, for people.
    sha256 : str
        Of its file.
    threshold_tables : dict of str to tuple of ThresholdRow
        By class: what thresholds gave on the data on which the model was calibrated.
    basis : str
        On which data the tables rest.
    diameter_A : float or None
        Of the particle that was looked for; None where the model alone knows it, and in sets of
        early versions.
    contrast : str or None
        As the project had it; None in sets of early versions.
    """

    model: str
    sha256: str
    threshold_tables: dict[str, tuple[ThresholdRow, ...]] = Field(default_factory=dict)
    basis: str = ""
    diameter_A: float | None = None
    contrast: Contrast | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return self.model_dump(mode="json")
