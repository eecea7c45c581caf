"""What a pruning gives back."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.detection.result import Failure
from nunatak.picks.table import PickSet
from nunatak.pruning.contradictions import Contradictions
from nunatak.pruning.decide import KEEP, REJECT, REVIEW, UNJUDGED
from nunatak.pruning.false_discovery import DiscoveryCurve
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.judgement import SHIPPED
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.views_lost import ViewsLost
from nunatak.pruning.volumes.class_diameters import Diameter


@dataclass(frozen=True)
class PruneResult:
    """Picks, each with a probability, a class and a decision.

    Attributes
    ----------
    picks : PickSet
        All picks in the order given, with the columns ``probability`` (float64: that the pick is
        a particle; NaN where unjudged), ``predicted_class`` (str, one of
        `nunatak.pruning.classes.CLASSES`, or ``"unjudged"``) and ``decision`` (str, one of
        `nunatak.pruning.decide.DECISIONS`).
    logit : ndarray, shape (n,), float64
        Of the probability, before calibration and for the classifier's own mix of particles and
        junk; NaN where unjudged.
    features : PickFeatures
        What was seen of each pick, in the order of ``picks``.
    diameter_A : float, mapping of str to float, or None
        Of the particle, ångström, or of those of each class as far as it was stated; None where the
        table's own were taken, and for particle images that need none.
    diameter_px : ndarray, shape (n,), float64
        Of the particle on the image of each pick, pixels; NaN where its pixel size is unknown.
    keep_from, reject_below : float
        Probabilities: from the first on, a pick is kept; below the second, it is rejected;
        between the two lies what is worth a look.
    discovery : DiscoveryCurve
        The false-discovery rate at every threshold.
    views : ViewsLost or None
        Which groups of particles that look alike pruning thinned; None for too few picks.
    labels : MatchedLabels or None
        The labels; None where there are none.
    out_of_fold : DataFrame or None
        Of every labelled pick, as judged by what was learned from other labels: ``row`` (int64,
        into ``picks``), ``is_particle`` (bool), ``probability`` (float64).
    method : str
        What judged: ``"shipped"``, ``"linear"``, ``"positive-unlabelled"`` or ``"fine-tuned"``.
    cross_validation : dict
        Figures of the comparison within the labels: JSON values.
    contradictions : Contradictions
        How many of the labels contradict the judgement without labels.
    failures : list of Failure
        Images whose picks could not be judged.
    provenance : dict
        Model, options, versions: JSON values.
    """

    picks: PickSet
    logit: NDArray[np.float64] = field(repr=False)
    features: PickFeatures = field(repr=False)
    diameter_A: Diameter | None
    keep_from: float
    reject_below: float
    discovery: DiscoveryCurve = field(repr=False)
    views: ViewsLost | None = field(repr=False)
    labels: MatchedLabels | None = field(repr=False)
    out_of_fold: pd.DataFrame | None = field(repr=False)
    method: str
    cross_validation: dict[str, Any] = field(default_factory=dict, repr=False)
    contradictions: Contradictions = field(default_factory=Contradictions)
    failures: list[Failure] = field(default_factory=list)
    diameter_px: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), repr=False)
    provenance: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """Number of picks by decision, in the order of `nunatak.pruning.decide.DECISIONS`."""
        decision = self.picks.table["decision"]
        return {name: int((decision == name).sum()) for name in (KEEP, REVIEW, REJECT, UNJUDGED)}

    @property
    def has_interval(self) -> bool:
        """Whether the interval of the false-discovery rate says how far the estimate reaches.

        It knows only chance. Without labels in tomograms, the share that is false lay far outside
        of it wherever it could be checked.
        """
        return self.method != SHIPPED or self.picks.ndim == 2

    def by_micrograph(self) -> pd.DataFrame:
        """Return the counts of each micrograph, worst first.

        Returns
        -------
        DataFrame
            ``image``, ``picks``, one column a decision, ``kept_share`` (of the judged picks; NaN
            where none is) and ``mean_probability``; micrographs without a pick come last.
        """
        table = self.picks.table
        rows = pd.DataFrame({"image": self.picks.images})
        grouped = table.groupby("image", sort=False)
        counts = pd.crosstab(table["image"], table["decision"])
        rows["picks"] = rows["image"].map(grouped.size()).fillna(0).astype(np.int64)
        for name in (KEEP, REVIEW, REJECT, UNJUDGED):
            of_image = counts[name] if name in counts else pd.Series(dtype=np.int64)
            rows[name] = rows["image"].map(of_image).fillna(0).astype(np.int64)
        judged = rows["picks"] - rows[UNJUDGED]
        rows["kept_share"] = rows[KEEP] / judged.where(judged > 0)
        rows["mean_probability"] = rows["image"].map(grouped["probability"].mean())
        return rows.sort_values(["kept_share", "image"], na_position="last", ignore_index=True)
