"""Apply the classifier to crops: what it sees in them, and what it takes them for."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nunatak.detection.precision import Precision, choose_device, choose_dtype
from nunatak.errors import ResourceError, UsageError
from nunatak.networks.pruning_network import folded, log_probability
from nunatak.pruning.model import PruningModel

VIEWS = 8
"""Rotations by quarter turns, and their mirror images: the group D4."""

USUAL_VIEWS = 4
"""Of these, in training and in use: most of what all of them gain, for half of the time."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """What the classifier says of n crops.

    Attributes
    ----------
    embedding : ndarray, shape (n, e), float32
        Features of the crop, for other classifiers.
    log_probability : ndarray, shape (n, c), float32
        Of the classes in the model's header.
    """

    embedding: NDArray[np.float32]
    log_probability: NDArray[np.float32]


class Embedder:
    """Applies one model to crops, batch by batch.

    Parameters
    ----------
    model
        The classifier; it is copied.
    views
        Of the eight views of a crop (see `view`), so many are seen and averaged.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    precision
        Number format of the convolutions; ``"auto"`` takes the fastest that the device has
        units for.
    batch_size
        Crops at a time; bounds the memory.

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
        if not 1 <= views <= VIEWS:
            raise UsageError(f"A crop has 1 to {VIEWS} views, not {views}.")
        self.device = choose_device(device)
        self.dtype = choose_dtype(self.device, precision)
        self._views = views
        self._batch_size = batch_size
        self._channels = model.header.network.in_channels
        self._side_px = model.header.crop.side_px
        self._classes = model.header.network.classes
        self._network = folded(model.network).to(self.device)
        # Channels last is the layout in which convolution libraries are fastest.
        self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, crops: NDArray[np.float32]) -> Embedded:
        """Look at crops.

        Parameters
        ----------
        crops : ndarray, shape (n, 2, side_px, side_px), float32
            From `nunatak.pruning.crops.cut_crops`, with the sizes in the model's header.

        Returns
        -------
        Embedded
            Of the n crops: the mean of the embedding, and the logarithm of the mean of the
            probabilities, over both branches and all views.

        Raises
        ------
        ValueError
            If the crops have another size.
        ResourceError
            If the device's memory does not suffice.
        """
        wanted = (self._channels, self._side_px, self._side_px)
        if crops.shape[1:] != wanted:
            raise ValueError(f"crops of shape {wanted} wanted, {crops.shape[1:]} given")
        channels = self._network.backbone.feature_channels
        embedding = np.empty((len(crops), channels), np.float32)
        log_p = np.empty((len(crops), self._classes), np.float32)
        try:
            for start in range(0, len(crops), self._batch_size):
                part = slice(start, start + self._batch_size)
                seen, judged = self._batch(torch.from_numpy(np.ascontiguousarray(crops[part])))
                embedding[part], log_p[part] = seen.cpu().numpy(), judged.cpu().numpy()
        except torch.cuda.OutOfMemoryError as error:
            raise ResourceError(
                f"The device {self.device} has too little free memory for {self._batch_size} "
                "crops. Use --device cpu, or close what else runs on it."
            ) from error
        return Embedded(embedding, log_p)

    def _batch(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        crops = crops.to(self.device)
        low = self.dtype != torch.float32
        embeddings, log_ps = [], []
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype=self.dtype, enabled=low),
        ):
            for index in range(self._views):
                seen = view(crops, index).contiguous(memory_format=torch.channels_last)
                output = self._network(seen)
                embeddings.append(output.embedding.float())
                log_ps.append(log_probability(output))
            embedding = torch.stack(embeddings).mean(dim=0)
            log_p = torch.stack(log_ps).logsumexp(dim=0) - math.log(self._views)
        return embedding, log_p


def embed(
    model: PruningModel,
    crops: NDArray[np.float32],
    *,
    views: int = USUAL_VIEWS,
    device: str = "cpu",
    precision: Precision = "auto",
    batch_size: int = 256,
) -> Embedded:
    """Look at crops once; see `Embedder`, which spares the preparations when there are more."""
    embedder = Embedder(
        model, views=views, device=device, precision=precision, batch_size=batch_size
    )
    return embedder(crops)


def view(crops: Tensor, index: int) -> Tensor:
    """Rotate and mirror crops.

    Parameters
    ----------
    crops : Tensor, shape (..., side, side)
    index
        0 is the crop itself, 1 half a turn, 2 and 3 the quarter turns, 4 to 7 the mirror images
        of these. Half a turn comes first because it exchanges the ends of both axes, which a
        stride treats differently.

    Returns
    -------
    Tensor, same shape
    """
    turned = torch.rot90(crops, (0, 2, 1, 3)[index % 4], dims=(-2, -1))
    return turned.flip(-1) if index >= VIEWS // 2 else turned
