"""From a normalised volume to the network's output, slab by slab."""

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from threading import Lock
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.detection.precision import Precision, choose_device, choose_dtype
from nunatak.detection.volumes.volume_views import ONE_VIEW, View, mean_over_views
from nunatak.detection.volumes.windows import AxisWindow, Slab, SlabAccumulator, axis_windows
from nunatak.errors import BadInput, ResourceError
from nunatak.networks.folding import fold_batch_norms
from nunatak.networks.interface import DetectorNetwork

WINDOW_PX = (192, 352, 352)
"""Longest window along z, y, x: large enough to waste little on margins, small enough that the
smallest network's activations stay around 1 GB in half precision."""

MARGIN_PX = 16
OVERLAP_PX = 16
"""The network's `context_px` is the farthest that anything can be felt; nearly all of the influence
comes from a third of it, and what is left of the difference the blend levels out."""


class VolumeLike(Protocol):
    """What is read plane by plane: an array, a memory map, a file behind a reader."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(nz, ny, nx)``, voxels."""

    def __getitem__(self, planes: slice, /) -> Any:
        """Return some planes, shape (planes, ny, nx), normalised."""


class VolumeScorer:
    """Applies a network to volumes of any size in bounded memory.

    Parameters
    ----------
    network
        As `nunatak.networks.unet3d.UNet3d`. It is copied.
    device, precision
        As in `nunatak.detection.scoring.Scorer`.
    views
        Mirror images to average over, see `nunatak.detection.volumes.volume_views`; the time
        grows with their number.
    window_px
        Longest window along z, y, x, voxels.
    margin_px, overlap_px
        As in `nunatak.detection.volumes.windows.axis_windows`; multiples of the network's
        output stride. With a margin of the network's `context_px` the result is that of the
        whole volume at once.

    Attributes
    ----------
    device : torch.device
    dtype : torch.dtype
        What was chosen.
    stride : int
    origin_px : float
        Where the output's voxels lie in the volume.
    """

    def __init__(
        self,
        network: DetectorNetwork,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        views: tuple[View, ...] = ONE_VIEW,
        window_px: tuple[int, int, int] = WINDOW_PX,
        margin_px: int = MARGIN_PX,
        overlap_px: int = OVERLAP_PX,
    ) -> None:
        self.device = choose_device(device)
        self.dtype = choose_dtype(self.device, precision)
        self.stride = network.output_stride
        self.origin_px = network.output_origin_px
        self._multiple = network.size_multiple
        if margin_px % self.stride or overlap_px % self.stride:
            raise BadInput(
                f"A margin of {margin_px} and an overlap of {overlap_px} voxels do not both end "
                f"between output voxels. Take multiples of {self.stride}."
            )
        self._views = views
        self._window_px = window_px
        self._margin_px = margin_px
        self._overlap_px = overlap_px
        # On a processor every thread has its share; a device's memory is there for one at a time.
        self._turn = nullcontext() if self.device.type == "cpu" else Lock()
        self._network = copy.deepcopy(network).eval().to(self.device)
        fold_batch_norms(self._network)
        # Channels last is the layout in which convolution libraries are fastest.
        self._network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def slabs(self, volume: VolumeLike) -> Iterator[Slab]:
        """Score every position of a volume.

        Parameters
        ----------
        volume
            At the model's voxel size, normalised, with the model's contrast. Each plane is read
            once, and those again in which windows overlap along z.

        Yields
        ------
        Slab
            From z = 0 on, without gap or overlap: together of shape ``(channels, ceil(nz /
            stride), ceil(ny / stride), ceil(nx / stride))``. Voxel ``j`` lies at
            ``origin_px + stride * j`` in the volume.

        Raises
        ------
        BadInput
            If it has no three axes, or windows are too short for their margins.
        ResourceError
            If the device's memory does not suffice.
        """
        if len(volume.shape) != 3 or min(volume.shape) < 1:
            raise BadInput(
                f"An array of shape {tuple(volume.shape)} is no volume. Give one of (z, y, x)."
            )
        along_z, along_y, along_x = (
            self._windows(n, w) for n, w in zip(volume.shape, self._window_px, strict=True)
        )
        sums: SlabAccumulator | None = None
        stops = [window.kept.start for window in along_z[1:]] + [along_z[-1].kept.stop]
        for z, stop in zip(along_z, stops, strict=True):
            planes = _owned(volume[z.start : min(z.stop, volume.shape[0])])
            for y in along_y:
                for x in along_x:
                    values = self._forward(planes, z, y, x)
                    if sums is None:
                        sums = SlabAccumulator(
                            len(values), (along_y[-1].kept.stop, along_x[-1].kept.stop)
                        )
                    sums.add(values, z, y, x)
                    del values  # the next window needs the memory
            if sums is not None:
                yield sums.finished(stop)

    def _windows(self, length_px: int, window_px: int) -> list[AxisWindow]:
        return axis_windows(
            length_px,
            window_px=window_px,
            margin_px=self._margin_px,
            overlap_px=self._overlap_px,
            multiple=self._multiple,
            stride=self.stride,
        )

    def _forward(
        self, planes: NDArray[Any], z: AxisWindow, y: AxisWindow, x: AxisWindow
    ) -> NDArray[np.float32]:
        """Score one window; beyond the volume's end lies ice, which is 0."""
        part = torch.from_numpy(planes[:, y.start : y.stop, x.start : x.stop])
        size = (z.stop - z.start, y.stop - y.start, x.stop - x.start)
        # The first convolution would round to its number format anyway: one copy does all.
        block = torch.zeros(size, dtype=self.dtype)
        block[tuple(slice(side) for side in part.shape)] = part
        low = self.dtype != torch.float32
        try:
            with (
                self._turn,
                torch.inference_mode(),
                torch.autocast(self.device.type, dtype=self.dtype, enabled=low),
            ):
                volumes = block[None, None].to(self.device)
                output = mean_over_views(self._network, volumes, self._views)
                return output[0].float().cpu().numpy()
        except torch.cuda.OutOfMemoryError as error:
            raise ResourceError(
                f"The device {self.device} has too little free memory for windows of "
                f"{size[0]} × {size[1]} × {size[2]} voxels. Use --device cpu, or close what else "
                "runs on it."
            ) from error


def _owned(planes: Any) -> NDArray[np.float32]:
    """Return planes as torch can share them: native float32 that may be written to."""
    return np.require(planes, np.float32, ["C", "W"])
