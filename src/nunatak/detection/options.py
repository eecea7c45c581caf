"""What a picking run is asked to do, resolved."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nunatak.detection.header import ModelHeader, Positive, Probability
from nunatak.detection.precision import Precision
from nunatak.detection.thresholds import require_reachable
from nunatak.errors import UsageError

Contrast = Literal["auto", "dark", "light"]

MIN_DISTANCE_IN_DIAMETERS = 0.4
"""Default distance below which two candidates are one particle. Touching globular particles are
one diameter apart; 0.4 lets them survive a diameter given too large, seen along a short axis, or
overlapping in projection. On real micrographs average precision falls from 0.5 on, and the best
F1 from 0.6 on."""


class PickOptions(BaseModel):
    """The options of a run, with every default filled in.

    Attributes
    ----------
    diameter_A : float
        Particle diameter (longest extent).
    min_distance_A : float
        Two candidates are at least so far apart.
    border_A : float
        Candidates whose centre is closer to the image's edge are not selected.
    threshold : float
        Candidates of at least this probability are selected.
    wanted_precision : float or None
        Choose the threshold, once the candidates are known, by the precision that the model's
        table promises; None takes ``threshold`` as it is.
    max_per_micrograph : int or None
        At most so many are selected, the best ones.
    contrast : str
        Particles against ice in the micrographs: ``"auto"``, ``"dark"`` or ``"light"``.
    pixel_size_A : float or None
        For all micrographs; None takes it from headers and lists.
    override_pixel_size : bool
        Whether ``pixel_size_A`` wins over a header that contradicts it.
    device, arithmetic : str
        Where the network computes, and in which number format: see
        `nunatak.detection.precision`.
    threads : int or None
        Of the processor; None leaves torch's own choice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    diameter_A: Positive
    min_distance_A: Annotated[float, Field(ge=0.0)]
    border_A: Annotated[float, Field(ge=0.0)]
    threshold: Probability
    wanted_precision: Probability | None
    max_per_micrograph: Annotated[int, Field(ge=1)] | None
    contrast: Contrast
    pixel_size_A: Positive | None
    override_pixel_size: bool
    device: str
    arithmetic: Precision
    threads: Annotated[int, Field(ge=1)] | None

    def deciding(self) -> dict[str, float | str | bool | None]:
        """Return the options that decide which candidates there are.

        The others choose among the candidates, or how fast they are found: they may change
        between an interrupted run and its continuation.
        """
        return {
            "diameter_A": self.diameter_A,
            "min_distance_A": self.min_distance_A,
            "contrast": self.contrast,
            "pixel_size_A": self.pixel_size_A,
            "override_pixel_size": self.override_pixel_size,
        }


def _diameter_A(diameter_A: float | None, header: ModelHeader) -> float:
    """Particle diameter from the user, or else from the model.

    Returns
    -------
    float
        Å; of a model for several known particles the largest, which is the one its working
        size was chosen for.

    Raises
    ------
    UsageError
        If neither knows one.
    """
    if diameter_A is not None:
        return diameter_A
    known = [kind.diameter_A for kind in header.classes if kind.diameter_A is not None]
    if not known:
        raise UsageError(
            f"The model '{header.name}' works for particles of any size: say the particle's "
            "diameter in Å with --diameter."
        )
    return max(known)


def resolved_options(header: ModelHeader, **given: Any) -> PickOptions:
    """Fill in what the user left open, and check the rest.

    Parameters
    ----------
    header
        Of the model, which has defaults of its own.
    given
        The attributes of `PickOptions`, with None where the user said nothing.

    Raises
    ------
    UsageError
        If a value is impossible, nobody knows the diameter, or the model promises no such
        precision.
    """
    if given["wanted_precision"] is not None:
        if given["threshold"] is not None:
            raise UsageError(
                "A precision and a threshold were both given, and either decides which "
                "candidates are selected. Give --precision or --threshold."
            )
        require_reachable(header, given["wanted_precision"])
    diameter_A = _diameter_A(given["diameter_A"], header)
    defaults = {
        "diameter_A": diameter_A,
        "min_distance_A": MIN_DISTANCE_IN_DIAMETERS * diameter_A,
        "threshold": header.default_threshold,
    }
    filled = {name: defaults.get(name) if value is None else value for name, value in given.items()}
    try:
        return PickOptions.model_validate(filled)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"Option {name}: {first['msg']} (given: {first['input']!r}).") from error
