"""The images of a tilt series: contrast transfer, damage, counting."""

from collections.abc import Sequence

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from nunatak.simulate.detector import Detector, expose
from nunatak.simulate.ice import structural_phase, transmission
from nunatak.simulate.optics import (
    Optics,
    contrast_transfer,
    damage_filter,
    interaction_constant_rad_per_VA,
)
from nunatak.simulate.tilt_transfer import filtered_across
from nunatak.simulate.tilts import Tilt, TiltSettings
from nunatak.simulate.volume_projection import as_columns, project


def damage(tilt: Tilt, shape: tuple[int, int], pixel_size_A: float) -> NDArray[np.float32]:
    """How much of each frequency is left while one image is taken.

    `nunatak.simulate.optics.damage_filter` averages from the first electron on; the average
    over this image is the difference of two of them, each times its dose.

    Returns
    -------
    ndarray, shape (ny, nx // 2 + 1), float32
    """
    before, until = (
        dose_e_A2
        * damage_filter(shape, pixel_size_A, dose_e_A2=dose_e_A2, voltage_kV=tilt.optics.voltage_kV)
        for dose_e_A2 in (tilt.dose_before_e_A2, tilt.dose_before_e_A2 + tilt.dose_e_A2)
    )
    return np.asarray((until - before) / tilt.dose_e_A2, dtype=np.float32)


def modulations(
    potential_V: NDArray[np.float32], tilts: Sequence[Tilt], voxel_size_A: float
) -> NDArray[np.float32]:
    """Return what a specimen does to the images: relative intensity, to first order, no noise.

    Parameters
    ----------
    potential_V : ndarray, shape (nz, ny, nx), float32, V
        Net of ice; protein is positive. Outside of the volume there is only ice.
    tilts
        The images.
    voxel_size_A
        Å.

    Returns
    -------
    ndarray, shape (tilts, ny, nx), float32
        ``-2 CTF ⊗ phase``: protein is dark (negative). The defocus follows the tilt across the
        image; across the depth of the specimen it is taken as constant.
    """
    nz = potential_V.shape[0]
    columns = as_columns(potential_V)
    images = []
    for tilt in tilts:
        projected_VA = project(columns, nz, tilt.true_deg, voxel_size_A)
        phase_rad = projected_VA * np.float32(
            interaction_constant_rad_per_VA(tilt.optics.voltage_kV)
        )

        def factor(here: Optics, shape: tuple[int, int], tilt: Tilt = tilt) -> NDArray[np.float32]:
            transfer = contrast_transfer(here, shape, voxel_size_A)
            return -2 * transfer * damage(tilt, shape, voxel_size_A)

        images.append(
            filtered_across(
                _misaligned(phase_rad, tilt), tilt.optics, tilt.true_deg, voxel_size_A, factor
            )
        )
    return np.stack(images)


def detected(modulation: NDArray[np.float32], detector: Detector) -> NDArray[np.float32]:
    """Weaken images, shape (tilts, ny, nx), as `nunatak.simulate.detector.expose` will do."""
    shape = (modulation.shape[1], modulation.shape[2])
    relative = np.sqrt(detector.dqe(shape) / detector.dqe_zero)
    weakened = scipy.fft.irfft2(scipy.fft.rfft2(modulation) * relative, s=shape)
    return np.asarray(weakened, dtype=np.float32)


def counted(
    modulation: NDArray[np.float32],
    tilts: Sequence[Tilt],
    settings: TiltSettings,
    rng: np.random.Generator,
    *,
    voxel_size_A: float,
    thickness_A: float,
) -> NDArray[np.float32]:
    """Count the electrons of each image.

    The ice, thicker the more it is tilted, lets fewer electrons pass and adds its own structure.

    Parameters
    ----------
    modulation : ndarray, shape (tilts, ny, nx), float32
        Of `modulations`; the intensity is its exponential.
    tilts, settings
        Which images, and the camera.
    rng
        Source of randomness.
    voxel_size_A, thickness_A
        Pixel size, and thickness of the untilted ice.

    Returns
    -------
    ndarray, shape (tilts, ny, nx), float32
        Detected electrons per pixel.
    """
    counts = np.empty_like(modulation)
    for number, tilt in enumerate(tilts):
        path_A = thickness_A / np.cos(np.deg2rad(tilt.true_deg))
        shape = (modulation.shape[1], modulation.shape[2])
        thickness_map_A = np.full(shape, path_A, np.float32)
        ice_rad = structural_phase(
            thickness_map_A, voxel_size_A, structure=settings.ice_structure, rng=rng
        )

        def factor(here: Optics, padded: tuple[int, int]) -> NDArray[np.float32]:
            return -2 * contrast_transfer(here, padded, voxel_size_A)

        ice = filtered_across(ice_rad, tilt.optics, tilt.true_deg, voxel_size_A, factor)
        intensity = np.exp(np.clip(modulation[number] + ice, -4.0, 1.5))
        counts[number] = expose(
            np.asarray(transmission(thickness_map_A) * intensity, dtype=np.float32),
            settings.detector,
            electrons_per_pixel=tilt.dose_e_A2 * voxel_size_A**2,
            rng=rng,
        )
    return counts


def _misaligned(image: NDArray[np.float32], tilt: Tilt) -> NDArray[np.float32]:
    """Turn an image's content about its centre, then shift it; zero comes in from outside."""
    angle_rad = np.deg2rad(tilt.axis_deg)
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    # Rows of (y, x): from a place in the result back to one in the image.
    back = np.array([[cosine, -sine], [sine, cosine]])
    centre = (np.array(image.shape) - 1) / 2
    shift = np.array([tilt.shift_px[1], tilt.shift_px[0]])
    offset = centre - back @ (centre + shift)
    moved = scipy.ndimage.affine_transform(image, back, offset=offset, order=3, mode="constant")
    return np.asarray(moved, dtype=np.float32)
