"""Tomograms without a microscope: the missing wedge and noise put onto a scene directly.

A tilt series samples the Fourier transform of the specimen on planes through the tilt axis, each
multiplied by the contrast transfer function of its image. Multiplying the transform of the scene
by a wedge mask and by the transfer function gives the same blur and the same artefacts in a
fraction of the time; what is left out are the tilts' misalignment, the gradient of defocus and
what the dose takes away from tilt to tilt (see `nunatak.simulate.tilt_series`).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.simulate.optics import Optics, contrast_transfer
from nunatak.simulate.volume_scene import VolumeScene, potential_V, within_spheres

_PROFILE_SAMPLES = 8192
Shape = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class DirectImaging:
    """How a tomogram is made from a scene without tilting it.

    Attributes
    ----------
    optics : Optics
        Of all tilts; its mean defocus is used.
    tilts_deg : tuple of float
        Lowest and highest tilt about the y axis.
    phase_flipped : bool
        Whether the sign of the contrast transfer was corrected.
    snr : float
        Mean square of the complexes' signal within their spheres over the noise's variance,
        per voxel.
    structure_noise : float
        Fraction of the noise's variance that passed the optics with the specimen (solvent,
        debris) instead of coming from the detector.
    resolution_A : float
        Low-pass filter of the reconstruction, Gaussian, down to 1/e² of the power here; signal
        and noise alike.
    protein : {"dark", "light"}
        Contrast of protein in the tomogram.
    """

    optics: Optics
    tilts_deg: tuple[float, float] = (-60.0, 60.0)
    phase_flipped: bool = True
    snr: float = 0.1
    structure_noise: float = 0.3
    resolution_A: float = 25.0
    protein: Literal["dark", "light"] = "dark"


def frequencies(shape: Shape, voxel_size_A: float) -> tuple[NDArray[np.float32], ...]:
    """Spatial frequencies ``kz, ky, kx`` in the order of ``rfftn``, float32, 1/Å, broadcastable."""
    nz, ny, nx = shape
    return (
        np.fft.fftfreq(nz, voxel_size_A).astype(np.float32)[:, None, None],
        np.fft.fftfreq(ny, voxel_size_A).astype(np.float32)[None, :, None],
        np.fft.rfftfreq(nx, voxel_size_A).astype(np.float32)[None, None, :],
    )


def wedge_mask(shape: Shape, tilts_deg: tuple[float, float]) -> NDArray[np.bool_]:
    """Frequencies that a tilt series about the y axis samples.

    The image at tilt θ holds the plane of directions ``(kx, kz) = k (cos θ, sin θ)`` (see
    `nunatak.simulate.volume_projection`). Slices of a specimen of finite thickness are as
    thick as the transform's own step along z, so that half a step beyond the outermost plane
    belongs to it still.

    Parameters
    ----------
    shape
        ``(nz, ny, nx)``, voxels.
    tilts_deg
        Lowest and highest tilt, within ±90.

    Returns
    -------
    ndarray, shape (nz, 1, nx // 2 + 1), bool
        In the order of ``rfftn``; the same for all ky.
    """
    kz, _, kx = frequencies(shape, 1.0)
    low, high = np.tan(np.deg2rad(np.clip(tilts_deg, -89.9, 89.9)))
    half_step = 0.5 / shape[0]
    return np.asarray((kz <= kx * high + half_step) & (kz >= kx * low - half_step), dtype=np.bool_)


def radial_transfer(optics: Optics, shape: Shape, voxel_size_A: float) -> NDArray[np.float32]:
    """Contrast transfer in three dimensions: that of the images, at the length of the frequency.

    Parameters
    ----------
    optics
        Its mean defocus counts; astigmatism does not.
    shape
        ``(nz, ny, nx)``, voxels.
    voxel_size_A
        Å.

    Returns
    -------
    ndarray, shape (nz, ny, nx // 2 + 1), float32
        In the order of ``rfftn``; positive at low frequency under under-focus.
    """
    # The diagonal of the volume's transform reaches √3 times as far as its axes.
    fine_A = voxel_size_A / 2
    round_ = replace(optics, defocus_u_A=optics.mean_defocus_A, defocus_v_A=optics.mean_defocus_A)
    profile = contrast_transfer(round_, (1, _PROFILE_SAMPLES), fine_A)[0]
    kz, ky, kx = frequencies(shape, voxel_size_A)
    sample = np.sqrt(kz**2 + ky**2 + kx**2) * np.float32(_PROFILE_SAMPLES * fine_A)
    return np.asarray(profile[np.rint(sample).astype(np.int32)], dtype=np.float32)


def direct_tomogram(
    scene: VolumeScene, imaging: DirectImaging, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Image a scene through a missing wedge.

    Parameters
    ----------
    scene
        What to image.
    imaging
        How.
    rng
        Source of the noise; one state, one result.

    Returns
    -------
    ndarray, shape (nz, ny, nx), float32
        Of mean 0 and standard deviation 1; protein dark or light as asked for.

    Raises
    ------
    BadInput
        If no complex reaches into the volume, so that no ratio of signal to noise is defined.
    """
    shape, voxel_size_A = scene.shape, scene.voxel_size_A
    passing, noise_power = _passing_and_noise(imaging, shape, voxel_size_A)
    complexes = [*scene.particles, *scene.distractors]
    spectrum = scipy.fft.rfftn(potential_V(shape, voxel_size_A, complexes)) * passing
    inside = within_spheres(shape, voxel_size_A, complexes)
    signal = scipy.fft.irfftn(spectrum, s=shape)[inside]
    power = float(np.square(signal, dtype=np.float64).mean()) if inside.any() else 0.0
    if power == 0:
        raise BadInput(
            "No particle or distractor lies in the volume, so that no noise can be scaled to "
            "its signal. Place at least one."
        )
    spectrum += scipy.fft.rfftn(scene.surroundings_V) * passing
    white = rng.standard_normal(shape, dtype=np.float32)
    strength = np.sqrt(power / imaging.snr / _mean_of_full(noise_power, shape))
    spectrum += scipy.fft.rfftn(white) * (np.sqrt(noise_power) * np.float32(strength))
    tomogram = scipy.fft.irfftn(spectrum, s=shape)
    tomogram -= tomogram.mean(dtype=np.float64)
    return np.asarray(tomogram / tomogram.std(dtype=np.float64), dtype=np.float32)


def _passing_and_noise(
    imaging: DirectImaging, shape: Shape, voxel_size_A: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the factor on the potential's transform, and the power of the noise (any scale).

    Counting noise is white in every image. The weighting by k⊥ that evens out the density of
    slices makes its power proportional to k⊥, the distance from the tilt axis, once the slices'
    density (1/k⊥) is allowed for.
    """
    kz, ky, kx = frequencies(shape, voxel_size_A)
    wedge = wedge_mask(shape, imaging.tilts_deg)
    reach = np.float32(imaging.resolution_A**2)
    # Squared, exp(-k² d²) is 1/e² at k = 1/d.
    low_pass = np.exp(-(kz**2 + kx**2) * reach) * np.exp(-(ky**2) * reach)
    low_pass *= wedge
    transfer = radial_transfer(imaging.optics, shape, voxel_size_A)
    if imaging.phase_flipped:
        transfer = np.abs(transfer)
    counted = low_pass**2 * np.sqrt(kz**2 + kx**2)
    passing = low_pass * transfer
    structure = passing**2
    fraction = imaging.structure_noise
    noise_power = counted * np.float32((1 - fraction) / _mean_of_full(counted, shape))
    noise_power += structure * np.float32(fraction / _mean_of_full(structure, shape))
    sign = np.float32(-1.0 if imaging.protein == "dark" else 1.0)
    return passing * sign, noise_power


def _mean_of_full(half: NDArray[np.float32], shape: Shape) -> float:
    """Mean over the full transform of a real, even quantity known on the half of ``rfftn``."""
    total = 2 * half.sum(dtype=np.float64) - half[..., 0].sum(dtype=np.float64)
    if shape[2] % 2 == 0:
        total -= half[..., -1].sum(dtype=np.float64)
    return float(total / np.prod(shape))
