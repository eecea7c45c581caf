"""From a normalised image to score maps: tiles, number format, device."""

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nunatak.detection.cut_particles import CutPenalty
from nunatak.detection.model import DetectorModel
from nunatak.detection.precision import Precision, choose_device, choose_dtype
from nunatak.errors import ResourceError

TILE_PX = 1024
TILE_CELLS = 512
"""Side of the part of a tile that is kept, at most so many pixels of the image and of the score
map: large enough to waste little on the margins, small enough that the network's activations stay
below 1 GB."""


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in pixels of the image.

    Attributes
    ----------
    start, stop : int
        What the network is given.
    kept_start, kept_stop : int
        What is kept of it; the kept spans of an axis cover it without overlap.
    """

    start: int
    stop: int
    kept_start: int
    kept_stop: int


def spans(length_px: int, *, tile_px: int, margin_px: int) -> list[Span]:
    """Cut an axis into overlapping tiles.

    Parameters
    ----------
    length_px
        Length of the axis.
    tile_px
        Length of the kept part. An axis of up to one tile and two margins stays whole.
    margin_px
        Overlap on either side, cut at the ends of the axis.

    Examples
    --------
    >>> [(s.start, s.stop, s.kept_start) for s in spans(96, tile_px=32, margin_px=8)]
    [(0, 40, 0), (24, 72, 32), (56, 96, 64)]
    """
    if length_px <= tile_px + 2 * margin_px:
        return [Span(0, length_px, 0, length_px)]
    starts = range(0, length_px, tile_px)
    return [
        Span(
            start=max(0, first - margin_px),
            stop=min(length_px, first + tile_px + margin_px),
            kept_start=first,
            kept_stop=min(length_px, first + tile_px),
        )
        for first in starts
    ]


class Scorer:
    """Applies a model's network to images of any size in bounded memory, from any thread.

    Parameters
    ----------
    model
        The detector.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    precision
        Number format of the convolutions; ``"auto"`` takes the fastest that the device has
        units for.
    tile_px
        Side of a tile; rounded up to a multiple of the network's `size_multiple`. Default: by
        the network's output stride.

    Attributes
    ----------
    device : torch.device
    dtype : torch.dtype
        What was chosen.
    stride : int
    origin_px : float
        Where the pixels of the score map lie in the image, see
        `nunatak.networks.interface.DetectorNetwork`.
    cut : CutPenalty
        What particles lose that the image's edge cuts.
    hidden_channels : int
        Of what `looked_at` tells of a place; 0 where the network tells nothing but logits.
    """

    def __init__(
        self,
        model: DetectorModel,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        tile_px: int | None = None,
    ) -> None:
        self.device = choose_device(device)
        self.dtype = choose_dtype(self.device, precision)
        self.stride = model.network.output_stride
        self.origin_px = model.network.output_origin_px
        self.contrast = model.header.contrast
        self.hidden_channels = model.network.hidden_channels
        self.cut = CutPenalty(model.header.diameter_px, model.header.cut_logit)
        self._classes = len(model.header.classes)
        self._multiple = model.network.size_multiple
        # Tiles and margins keep to the grid of the score map.
        self._margin_px = _rounded_up(model.network.context_px, self._multiple)
        self._tile_px = _rounded_up(
            tile_px or min(TILE_PX, TILE_CELLS * self.stride), self._multiple
        )
        # On a processor every thread has its share; a device's memory is there for one at a time.
        self._turn = nullcontext() if self.device.type == "cpu" else Lock()
        self._network = copy.deepcopy(model.network).eval().to(self.device)
        # Channels last is the layout in which convolution libraries are fastest.
        self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def logits(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score every position of an image.

        Parameters
        ----------
        image : ndarray, shape (ny, nx), float32
            At the model's working size, normalised, with the model's contrast.

        Returns
        -------
        ndarray, shape (classes, ceil(ny / stride), ceil(nx / stride)), float32
            Logits: the probability is ``1 / (1 + exp(-logit))``. Pixel ``j`` lies at
            ``origin_px + stride * j`` in the image.

        Raises
        ------
        ResourceError
            If the device's memory does not suffice.
        """
        return self._scored(image, None)[0]

    def looked_at(
        self, image: NDArray[np.float32], positions_px: NDArray[np.float64], *, width_px: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score every position of an image, and describe some.

        Parameters
        ----------
        image
            As of `logits`.
        positions_px : ndarray, shape (n, 2), float64
            Columns x, y, pixels of the image; those outside are moved to its edge.
        width_px
            Of the square around each position over which features are averaged.

        Returns
        -------
        logits : ndarray
            As of `logits`.
        features : ndarray, shape (n, hidden_channels), float32
            Of the network's last hidden layer.

        Raises
        ------
        ResourceError
            If the device's memory does not suffice.
        """
        return self._scored(image, positions_px, width_px)

    def _scored(
        self,
        image: NDArray[np.float32],
        positions_px: NDArray[np.float64] | None,
        width_px: float = 0.0,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        ny, nx = image.shape
        rows, columns = -(-ny // self.stride), -(-nx // self.stride)
        wanted = np.zeros((0, 2)) if positions_px is None else positions_px
        places = np.clip(wanted, 0.0, np.array([nx - 1, ny - 1], dtype=np.float64))
        features = np.zeros((len(places), self.hidden_channels), dtype=np.float32)
        try:
            padded = self._padded(torch.from_numpy(np.require(image, np.float32, ["C", "W"])))
            result = torch.empty(
                (self._classes, padded.shape[0] // self.stride, padded.shape[1] // self.stride)
            )
            for row, column in self._tiles(padded.shape[0], padded.shape[1]):
                own = np.flatnonzero(_within(places[:, 0], column) & _within(places[:, 1], row))
                tile = padded[row.start : row.stop, column.start : column.stop]
                inside = places[own] - [column.start, row.start]
                with self._turn:
                    part, features[own] = self._forward(tile, inside, width_px)
                result[:, _kept(row, self.stride), _kept(column, self.stride)] = part[
                    :, _inner(row, self.stride), _inner(column, self.stride)
                ]
        except torch.cuda.OutOfMemoryError as error:
            raise ResourceError(
                f"The device {self.device} has too little free memory for an image of {nx} × {ny} "
                "pixels. Use --device cpu, or close what else runs on it."
            ) from error
        return np.ascontiguousarray(result[:, :rows, :columns].numpy()), features

    def _padded(self, image: Tensor) -> Tensor:
        """Continue the image to the right and below by the ice's level, 0; its origin stays.

        A reflection would complete a particle that the border cuts into a whole one and raise
        its score; convolutions pad with zeros too, in training as well.
        """
        ny, nx = image.shape
        return functional.pad(image, (0, -nx % self._multiple, 0, -ny % self._multiple))

    def _tiles(self, ny: int, nx: int) -> Iterator[tuple[Span, Span]]:
        for row in spans(ny, tile_px=self._tile_px, margin_px=self._margin_px):
            for column in spans(nx, tile_px=self._tile_px, margin_px=self._margin_px):
                yield row, column

    def _forward(
        self, tile: Tensor, positions_px: NDArray[np.float64], width_px: float
    ) -> tuple[Tensor, NDArray[np.float32]]:
        """Return a tile's logits, and the features around positions in it."""
        batch = tile[None, None].to(self.device).contiguous(memory_format=torch.channels_last)
        low = self.dtype != torch.float32
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype=self.dtype, enabled=low),
        ):
            scores, hidden = self._network.looked_at(batch)
            features = self._around(hidden, positions_px, width_px)
            return scores[0].float().cpu(), features.T.cpu().numpy()

    def _around(self, hidden: Tensor, positions_px: NDArray[np.float64], width_px: float) -> Tensor:
        """Average features over squares around positions in the tile: shape (channels, n)."""
        if not hidden.shape[1] or not len(positions_px):
            return hidden.new_zeros((hidden.shape[1], len(positions_px)), dtype=torch.float32)
        half = max(0, round((width_px / self.stride - 1) / 2))
        averaged = functional.avg_pool2d(
            hidden.float(), 2 * half + 1, stride=1, padding=half, count_include_pad=False
        )
        # From -1 at one outer edge of the map to 1 at the other.
        cells = (positions_px - self.origin_px) / self.stride
        relative = (2 * cells + 1) / [hidden.shape[3], hidden.shape[2]] - 1
        grid = torch.from_numpy(relative.astype(np.float32))[None, None].to(hidden.device)
        sampled = functional.grid_sample(averaged, grid, padding_mode="border", align_corners=False)
        return sampled[0, :, 0]


def _within(positions_px: NDArray[np.float64], span: Span) -> NDArray[np.bool_]:
    """Tell which positions a tile keeps: pixel ``j`` reaches from j - 1/2 to j + 1/2."""
    return (positions_px >= span.kept_start - 0.5) & (positions_px < span.kept_stop - 0.5)


def _rounded_up(length: int, multiple: int) -> int:
    return length + -length % multiple


def _kept(span: Span, stride: int) -> slice:
    return slice(span.kept_start // stride, span.kept_stop // stride)


def _inner(span: Span, stride: int) -> slice:
    first = (span.kept_start - span.start) // stride
    return slice(first, first + (span.kept_stop - span.kept_start) // stride)
