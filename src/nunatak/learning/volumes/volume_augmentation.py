"""What a student sees that its teacher does not: turned, scaled, noisy and blinder crops.

Weak augmentation is the eight mirror images, symmetries of a missing wedge, and lies in the pose
that `nunatak.learning.volumes.volume_crops.CropPlaces` draws. All else is here.
"""

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray

from nunatak.learning.volumes.volume_poses import FloatArray, Pose
from nunatak.networks.drop_block import drop_cuboids

Crop = NDArray[np.float32]

TURNED_SHARE = 0.5
"""Of the crops that are turned about z and scaled; the others keep the noise as it was taken."""

LARGEST_SCALE = 0.05
LARGEST_NOISE = 0.5
LARGEST_GAMMA = 0.15
GREY_REACH = 5.0
"""Standard deviations from the mean within which the gamma curve lies."""

WEDGE_SHARE = 0.3
WEDGE_TILTS_DEG = (50.0, 60.0)
"""Largest tilt that the extra wedge leaves."""


def strong_pose(pose: Pose, rng: np.random.Generator) -> Pose:
    """Turn a crop about z and scale it a little, or leave it as it is.

    A turn also turns the missing wedge about z: the network shall not rely on its direction.
    """
    if rng.random() >= TURNED_SHARE:
        return pose
    angle = rng.uniform(0.0, 2.0 * np.pi)
    cosine, sine = np.cos(angle), np.sin(angle)
    scale = 1.0 + rng.uniform(-LARGEST_SCALE, LARGEST_SCALE)
    axes = scale * np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return pose.moved(axes, rng.uniform(-0.5, 0.5, 3))


def strong_greys(crop: Crop, pose: Pose, rng: np.random.Generator) -> Crop:
    """Blind a crop by a further wedge, bend its grey scale and add noise; each a little.

    Parameters
    ----------
    crop : ndarray, shape (n, n, n), float32
        Of mean 0 and standard deviation 1 in its tomogram.
    pose
        Of the crop: the tomogram's tilt axis is y.
    rng
        Source of randomness.
    """
    if rng.random() < WEDGE_SHARE:
        crop = wedged(crop, pose.axes, float(rng.uniform(*WEDGE_TILTS_DEG)))
    crop = _bent(crop, 1.0 + rng.uniform(-LARGEST_GAMMA, LARGEST_GAMMA))
    noise: Crop = rng.standard_normal(crop.shape, dtype=np.float32)
    return crop + np.float32(rng.uniform(0.0, LARGEST_NOISE)) * noise


def wedged(crop: Crop, axes: FloatArray, largest_deg: float) -> Crop:
    """Remove the frequencies that tilts about the tomogram's y axis beyond an angle would bring.

    Parameters
    ----------
    crop : ndarray, shape (n, n, n), float32
    axes : ndarray, shape (3, 3)
        Of the crop in the tomogram; see `nunatak.learning.volumes.volume_poses.Pose`.
    largest_deg
        Largest tilt that is left, degrees.

    Notes
    -----
    A tilt by θ samples the plane ``kz = kx tan θ`` in the tomogram. An image that is turned and
    scaled by ``axes`` has its transform turned by the same rotation.
    """
    n = crop.shape[0]
    whole, half = np.fft.fftfreq(n), np.fft.rfftfreq(n)
    kz, ky, kx = whole[:, None, None], whole[None, :, None], half[None, None, :]
    in_tomogram = [row[0] * kx + row[1] * ky + row[2] * kz for row in axes]
    # Half a frequency step beyond the outermost plane belongs to it, the zero frequency too.
    reach = np.abs(in_tomogram[0]) * np.tan(np.deg2rad(largest_deg)) + 0.5 / n
    kept = np.abs(in_tomogram[2]) <= reach
    spectrum = scipy.fft.rfftn(crop) * kept
    return np.asarray(scipy.fft.irfftn(spectrum, s=crop.shape), dtype=np.float32)


def without_cuboids(crop: Crop, largest_px: int, rng: np.random.Generator) -> Crop:
    """Hide cuboids of a crop behind noise; see `nunatak.networks.drop_block.drop_cuboids`."""
    dropped = drop_cuboids(torch.from_numpy(crop)[None, None], largest_px, rng)
    return np.asarray(dropped[0, 0].numpy(), dtype=np.float32)


def _bent(crop: Crop, gamma: float) -> Crop:
    """Apply a gamma curve between the ends of the grey scale, and keep the mean."""
    unit = np.clip(crop / np.float32(2 * GREY_REACH) + np.float32(0.5), 0.0, 1.0)
    bent = (unit ** np.float32(gamma) - np.float32(0.5)) * np.float32(2 * GREY_REACH)
    return np.asarray(bent + (crop.mean() - bent.mean()), dtype=np.float32)
