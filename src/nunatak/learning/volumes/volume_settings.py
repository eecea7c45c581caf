"""Everything that determines a training on tomograms; recorded in the model file."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nunatak.training.config import Schedule

Preset = Literal["small", "medium", "large"]
VolumeObjective = Literal["focal", "pu"]
LabelsAre = Literal["complete", "sparse"]

Share = Annotated[float, Field(ge=0, le=1)]

LARGEST_CROP_PX = 256


class VolumeLearningSettings(BaseModel):
    """How to learn in tomograms; every ingredient has a switch.

    Attributes
    ----------
    seed : int
        Of all randomness: split, crops, augmentation, first weights.
    start : str or None
        Model to start from, a file or a shipped model's name; None for random weights.
    preset : str
        Width of a network from scratch (`nunatak.networks.unet3d.PRESETS`).
    steps, batch_size, weight_decay, gradient_clip
        Of the optimiser.
    learning_rate : float
        Peak of the schedule.
    schedule : str
        See `nunatak.training.schedule`.
    averaging : float
        Momentum of the averaged weights, which are the teacher and the result. Step ``t`` uses
        ``(1 + t) / (10 + t)`` where that is less, so that a short training does not average over
        its own beginning: 0.99 takes effect from step 890 on, and 0.999 from step 8990.
    crop_px : int
        Side of the crops, working voxels.
    labelled_share : float
        Of the crops that are taken around labelled particles, with all classes alike.
    objective : str or None
        ``"focal"`` on what is known, or ``"pu"``, which also learns from what is not; None takes
        the first with complete labels and the second with sparse ones.
    class_balance : bool
        Whether rare classes weigh more (`nunatak.objectives.focal.class_balance`).
    strong_augmentation : bool
        Whether the student sees more than flips (`nunatak.learning.volumes.volume_augmentation`).
    feature_drop_rate : float
        Of the DropBlock on features, which rises to it over the first half of the steps; 0 is
        none.
    input_drop : bool
        Whether cuboids of the input are replaced by noise (only with strong augmentation).
    teacher : bool
        Whether the averaged network labels what nobody has.
    burn_in : float
        Share of the steps before it does, below 1: after all of them there is nothing to teach.
    teacher_views : int
        Mirror images over which it averages, 1 to 8.
    view_agreement : float
        Share of the views in which a peak must come back.
    adaptive_thresholds : bool
        Whether the teacher's thresholds follow from how right it is, class by class; otherwise
        all are ``fixed_threshold``.
    fixed_threshold : float
        Also the threshold of a class about which too little is known.
    pseudo_weight : float
        Of the loss on the teacher's labels, once it has risen.
    validation_share : float
        Of the labels that are kept aside, whole tomograms; with complete labels only.
    validate_every : int
        Steps between two validations.
    patience : int or None
        Validations without progress after which training stops; None never stops early.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = Field(0, ge=0)
    start: str | None = "general-3d"
    preset: Preset = "small"
    steps: int = Field(2000, gt=0)
    batch_size: int = Field(4, gt=0)
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(1e-3, ge=0)
    schedule: Schedule = "one-cycle"
    gradient_clip: float | None = Field(5.0, gt=0)
    averaging: float = Field(0.99, ge=0, lt=1)
    crop_px: int = Field(64, ge=16, le=LARGEST_CROP_PX)
    labelled_share: Share = 0.5
    objective: VolumeObjective | None = None
    class_balance: bool = True
    strong_augmentation: bool = True
    feature_drop_rate: float = Field(0.0, ge=0, lt=1)
    input_drop: bool = False
    teacher: bool = False
    burn_in: float = Field(0.15, ge=0, lt=1)
    teacher_views: int = Field(4, ge=1, le=8)
    view_agreement: Share = 0.75
    adaptive_thresholds: bool = True
    fixed_threshold: float = Field(0.7, gt=0, lt=1)
    pseudo_weight: float = Field(1.0, gt=0)
    validation_share: float = Field(0.25, ge=0, lt=1)
    validate_every: int = Field(200, gt=0)
    patience: int | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.input_drop and not self.strong_augmentation:
            raise ValueError("input_drop is part of strong_augmentation, which is off")
        return self

    def objective_for(self, labels_are: LabelsAre) -> VolumeObjective:
        """Return the objective, chosen by the labels where none is set.

        Examples
        --------
        >>> settings = VolumeLearningSettings()
        >>> settings.objective_for("complete"), settings.objective_for("sparse")
        ('focal', 'pu')
        """
        if self.objective is not None:
            return self.objective
        return "focal" if labels_are == "complete" else "pu"
