"""Everything that determines a training on tomograms; recorded in the model file."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nunatak.training.config import Schedule, TrainingConfig, TrainingPrecision

Preset = Literal["small", "medium", "large"]
VolumeObjective = Literal["focal", "pu", "ge-kl", "ge-binomial"]
LabelsAre = Literal["complete", "sparse"]

Share = Annotated[float, Field(ge=0, le=1)]

LARGEST_CROP_PX = 256

SCRATCH_RATE, MODEL_RATE = 1e-3, 3e-3
"""Learning rates from random weights and, of the class heads, from a model."""

MODEL_CONFUSION_WEIGHT = 2.0
"""Of trainings from a model; those from random weights go without."""


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
    learning_rate : float or None
        Peak of the schedule; None is 1e-3 from random weights and 3e-3 from a model, the rate of
        whose body ``body_rate`` lowers.
    head_first : float
        Share of the steps over which only the class heads learn, where the training starts from
        a model: what that knows is not unlearned while the heads are still wrong.
    body_rate : float
        Learning rate of all but the class heads, as a share of theirs, where it starts from a
        model.
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
        ``"focal"`` on what is known, or one that also learns from what is not: ``"pu"``,
        ``"ge-kl"`` and ``"ge-binomial"``; see `for_labels` for None.
    confusion_weight : float or None
        Of the loss that keeps the classes apart at labelled particles
        (`nunatak.objectives.class_confusion`); 0 is none, and None is 2 from a model and 0 from
        random weights.
    class_balance : bool
        Whether rare classes weigh more (`nunatak.objectives.focal.class_balance`).
    strong_augmentation : bool
        Whether the student sees more than flips (`nunatak.learning.volumes.volume_augmentation`).
    feature_drop_rate : float
        Of the DropBlock on features, which rises to it over the first half of the steps; 0 is
        none.
    input_drop : bool
        Whether cuboids of the input are replaced by noise (only with strong augmentation).
    teacher : bool or None
        Whether the averaged network labels what nobody has; None says so where that is something.
    burn_in : float
        Share of the steps before it does, below 1: after all of them there is nothing to teach.
    teacher_views : int
        Mirror images over which it averages, 1 to 8.
    view_agreement : float
        Share of the views in which a peak must come back.
    adaptive_thresholds : bool
        Whether the teacher's thresholds follow from how many particles there are, class by class:
        those labelled where labels are complete, those expected elsewhere. Otherwise all are
        ``fixed_threshold``.
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
    learning_rate: float | None = Field(None, gt=0)
    head_first: float = Field(0.3, ge=0, lt=1)
    body_rate: float = Field(0.1, gt=0, le=1)
    weight_decay: float = Field(1e-3, ge=0)
    schedule: Schedule = "one-cycle"
    gradient_clip: float | None = Field(5.0, gt=0)
    averaging: float = Field(0.99, ge=0, lt=1)
    crop_px: int = Field(64, ge=16, le=LARGEST_CROP_PX)
    labelled_share: Share = 0.5
    objective: VolumeObjective | None = None
    confusion_weight: float | None = Field(None, ge=0)
    class_balance: bool = True
    strong_augmentation: bool = True
    feature_drop_rate: float = Field(0.0, ge=0, lt=1)
    input_drop: bool = False
    teacher: bool | None = None
    burn_in: float = Field(0.15, ge=0, lt=1)
    teacher_views: int = Field(4, ge=1, le=8)
    view_agreement: Share = 0.75
    adaptive_thresholds: bool = True
    fixed_threshold: float = Field(0.7, gt=0, lt=1)
    pseudo_weight: float = Field(1.0, gt=0)
    validation_share: float = Field(0.25, ge=0, lt=1)
    validate_every: int = Field(200, gt=0)
    patience: int | None = Field(None, gt=0)

    @property
    def objective_learns_unlabelled(self) -> bool:
        """Whether the objective itself learns from places that nobody has labelled."""
        return self.objective not in {None, "focal"}

    @property
    def first_lesson(self) -> int:
        """The step at which a teacher begins."""
        return round(self.burn_in * self.steps) + 1

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.input_drop and not self.strong_augmentation:
            raise ValueError("input_drop is part of strong_augmentation, which is off")
        return self

    def for_labels(self, labels_are: LabelsAre, *, with_unlabelled: bool) -> Self:
        """Return the same settings with all chosen that depends on labels and start.

        Sparse labels do not say what is empty. The teacher can tell; without one the objective
        has to.

        Parameters
        ----------
        labels_are
            ``"complete"`` or ``"sparse"``.
        with_unlabelled
            Whether there are tomograms without labels.

        Examples
        --------
        >>> chosen = VolumeLearningSettings().for_labels("sparse", with_unlabelled=False)
        >>> chosen.teacher, chosen.objective, chosen.learning_rate
        (True, 'focal', 0.003)
        >>> alone = VolumeLearningSettings(start=None, teacher=False)
        >>> chosen = alone.for_labels("sparse", with_unlabelled=True)
        >>> chosen.teacher, chosen.objective, chosen.learning_rate
        (False, 'pu', 0.001)
        >>> chosen = VolumeLearningSettings().for_labels("complete", with_unlabelled=False)
        >>> chosen.teacher, chosen.objective
        (False, 'focal')
        """
        is_sparse = labels_are == "sparse"
        teacher = is_sparse or with_unlabelled if self.teacher is None else self.teacher
        usual: VolumeObjective = "pu" if is_sparse and not teacher else "focal"
        confusion_weight = self.confusion_weight
        if confusion_weight is None:
            confusion_weight = 0.0 if self.start is None else MODEL_CONFUSION_WEIGHT
        return self.model_copy(
            update={
                "teacher": teacher,
                "objective": self.objective or usual,
                "learning_rate": self._learning_rate,
                "confusion_weight": confusion_weight,
            }
        )

    def training_config(self, precision: TrainingPrecision) -> TrainingConfig:
        """Return how to optimise."""
        from_model = self.start is not None
        return TrainingConfig(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self._learning_rate,
            weight_decay=self.weight_decay,
            schedule=self.schedule,
            head_first=self.head_first if from_model else 0.0,
            body_rate=self.body_rate if from_model else 1.0,
            gradient_clip=self.gradient_clip,
            averaging=self.averaging,
            precision=precision,
            validate_every=self.validate_every,
            patience=self.patience,
            checkpoint_every=self.validate_every,
        )

    @property
    def _learning_rate(self) -> float:
        return self.learning_rate or (SCRATCH_RATE if self.start is None else MODEL_RATE)
