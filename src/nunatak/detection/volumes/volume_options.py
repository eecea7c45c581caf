"""What picking tomograms is asked to do, resolved."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from nunatak.detection.header import FrozenModel, Positive, Probability
from nunatak.detection.precision import Precision
from nunatak.detection.volumes.volume_header import VolumeModelHeader
from nunatak.detection.volumes.volume_precision import require_precision
from nunatak.errors import UsageError
from nunatak.images.axis_order import AxisOrder

Threshold = float | Mapping[str, float] | None


class VolumePickOptions(FrozenModel):
    """The options of a run on tomograms, with every default filled in.

    Attributes
    ----------
    diameter_A : float or None
        Of the particles, for a model of sizes; None for one of kinds, which knows theirs.
    thresholds : dict of str to float
        By class: candidates of at least this probability are selected; above 1 once it is found
        that the wanted precision is promised for none of a class.
    wanted_precision : float or None
        Choose the thresholds, once the candidates are known, by the precision that the model's
        tables promise; None takes ``thresholds`` as they are.
    border_A : float
        Candidates whose centre is closer to a face of the tomogram are not selected.
    max_per_tomogram : int or None
        At most so many are selected, the best ones of all classes.
    contrast : str
        ``"dark"`` or ``"light"``: particles against ice in the tomograms.
    voxel_size_A : float or None
        Of all tomograms; None takes it from headers and lists.
    override_voxel_size : bool
        Whether ``voxel_size_A`` wins over a header that contradicts it.
    axis_order : AxisOrder or None
        Of all tomograms; None asks where a shape leaves a doubt.
    views : int
        Mirror images to average over: 1 (the tomogram itself) or all 8.
    device, arithmetic : str
        As in `nunatak.detection.options.PickOptions`.
    threads : int or None
        Of the processor; None leaves torch's own choice.
    """

    diameter_A: Positive | None
    thresholds: dict[str, Probability]
    wanted_precision: Probability | None
    border_A: Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
    max_per_tomogram: Annotated[int, Field(ge=1)] | None
    contrast: Literal["dark", "light"]
    voxel_size_A: Positive | None
    override_voxel_size: bool
    axis_order: AxisOrder | None
    views: Literal[1, 8]
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
            "contrast": self.contrast,
            "voxel_size_A": self.voxel_size_A,
            "override_voxel_size": self.override_voxel_size,
            "axis_order": None if self.axis_order is None else str(self.axis_order),
            "views": self.views,
        }


def resolved_volume_options(
    header: VolumeModelHeader,
    *,
    threshold: Threshold,
    wanted_precision: float | None,
    contrast: str | None,
    **given: Any,
) -> VolumePickOptions:
    """Fill in what the user left open, and check the rest.

    Parameters
    ----------
    header
        Of the model, which has defaults of its own.
    threshold
        One for all classes, or one for each of some classes by name; None takes the model's.
    wanted_precision
        Of each class, instead of a threshold; None takes thresholds.
    contrast
        None takes the model's.
    given
        The other attributes of `VolumePickOptions`.

    Raises
    ------
    UsageError
        If a value is impossible, a threshold is for a class that the model does not have, or
        the model promises no such precision.
    """
    if wanted_precision is not None:
        if threshold is not None:
            raise UsageError(
                "A precision and a threshold were both given, and either decides which "
                "candidates are selected. Give --precision or --threshold."
            )
        require_precision(header, wanted_precision)
    try:
        return VolumePickOptions(
            thresholds=_thresholds(header, threshold),
            wanted_precision=wanted_precision,
            contrast=header.contrast if contrast is None else contrast,
            **given,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"Option {name}: {first['msg']} (given: {first['input']!r}).") from error


def _thresholds(header: VolumeModelHeader, threshold: Threshold) -> dict[str, float]:
    stated = {kind.name: kind.threshold for kind in header.classes}
    if threshold is None:
        return stated
    if not isinstance(threshold, Mapping):
        return dict.fromkeys(stated, threshold)
    unknown = threshold.keys() - stated.keys()
    if unknown:
        raise UsageError(
            f"Thresholds for {', '.join(sorted(unknown))}: the model '{header.name}' has the "
            f"classes {', '.join(stated)}."
        )
    return {**stated, **threshold}
