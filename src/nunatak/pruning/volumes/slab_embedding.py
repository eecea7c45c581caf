"""Apply the classifier to slabs of picks in tomograms, seen in several views."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.detection.precision import Precision
from nunatak.errors import UsageError
from nunatak.pruning.embedding import USUAL_VIEWS, Embedded, Embedder
from nunatak.pruning.model import PruningModel
from nunatak.pruning.volumes.slab_views import VIEWS, slab_view


class SlabEmbedder:
    """Applies one model to slabs, batch by batch.

    Parameters
    ----------
    model
        The classifier of slabs.
    views
        Of the eight views of `nunatak.pruning.volumes.slab_views.VIEWS`, so many are seen and
        averaged.
    device, precision, batch_size
        As in `nunatak.pruning.embedding.Embedder`.

    Raises
    ------
    UsageError
        If there are no such views.
    ResourceError
        If there is no such device.
    """

    def __init__(
        self,
        model: PruningModel,
        *,
        views: int = USUAL_VIEWS,
        device: str = "cpu",
        precision: Precision = "auto",
        batch_size: int = 256,
    ) -> None:
        if not 1 <= views <= len(VIEWS):
            raise UsageError(f"A pick has 1 to {len(VIEWS)} views, not {views}.")
        self._views = views
        self._one_view = Embedder(
            model, views=1, device=device, precision=precision, batch_size=batch_size
        )

    def __call__(self, slabs: NDArray[np.float32]) -> Embedded:
        """Look at slabs.

        Parameters
        ----------
        slabs : ndarray, shape (n, 6, side_px, side_px), float32
            From `nunatak.pruning.volumes.slabs.cut_slabs`, with the sizes in the model's header.

        Returns
        -------
        Embedded
            Means over the views, as of `nunatak.pruning.embedding.Embedder`.
        """
        seen = [
            self._one_view(slab_view(torch.from_numpy(slabs), index).numpy())
            for index in range(self._views)
        ]
        log_p = np.logaddexp.reduce([one.log_probability for one in seen], axis=0)
        return Embedded(
            embedding=np.mean([one.embedding for one in seen], axis=0, dtype=np.float32),
            log_probability=(log_p - math.log(self._views)).astype(np.float32),
        )
