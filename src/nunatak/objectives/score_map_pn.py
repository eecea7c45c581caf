"""PN on score maps: every unlabelled place counts as background."""

from torch import Tensor

from nunatak.objectives.heatmap import focal_loss
from nunatak.objectives.score_map import ScoreMapLabels


def pn_on_score_maps(logits: Tensor, labels: ScoreMapLabels) -> Tensor:
    """Take the focal loss of all places that are not ignored, per labelled particle.

    Parameters
    ----------
    logits : Tensor, shape (b, 1, h, w)
    labels
        Of the same batch; ``known`` and ``expected`` play no part.

    Returns
    -------
    Tensor, scalar
        Divided by the number of labelled particles, if there are any.

    Notes
    -----
    `nunatak.objectives.heatmap.focal_loss`. Biased wherever particles are left unlabelled.
    """
    return focal_loss(logits, labels.target, (~labels.ignored).float())
