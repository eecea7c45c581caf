"""From a scene through a tilt series to a tomogram."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.simulate.back_projection import back_projected
from nunatak.simulate.tilt_series import counted, detected, modulations
from nunatak.simulate.tilt_transfer import phase_flipped
from nunatak.simulate.tilts import Tilt, TiltSettings, draw_tilts
from nunatak.simulate.volume_denoising import wiener_denoised
from nunatak.simulate.volume_scene import VolumeScene, potential_V, within_spheres


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """How a tilt series becomes a tomogram.

    Attributes
    ----------
    phase_flipped : bool
        Correct the sign of the contrast transfer, strip by strip.
    cutoff : float
        Where the Hamming window of the weighting ends, as a fraction of the Nyquist frequency.
    denoising : float
        Strength of `nunatak.simulate.volume_denoising.wiener_denoised`; 0 leaves the noise.
    protein : {"dark", "light"}
        Contrast of protein in the tomogram.
    """

    phase_flipped: bool = True
    cutoff: float = 1.0
    denoising: float = 0.0
    protein: Literal["dark", "light"] = "dark"


@dataclass(frozen=True)
class TiltedTomogram:
    """A reconstructed tomogram and what it came from.

    Attributes
    ----------
    tomogram : ndarray, shape (nz, ny, nx), float32
        Of mean 0 and standard deviation 1.
    counts : ndarray, shape (tilts, ny, nx), float32
        The tilt series, detected electrons per pixel; protein is dark.
    tilts : list of Tilt
        Of each image, in the order of exposure.
    contrast_factor : float
        That was applied to the specimen.
    snr : float
        Mean square of the complexes' signal within their spheres over the noise's variance,
        per voxel, before denoising; 0 without complexes.
    """

    tomogram: NDArray[np.float32]
    counts: NDArray[np.float32]
    tilts: list[Tilt]
    contrast_factor: float
    snr: float


def tilted_tomogram(
    scene: VolumeScene,
    settings: TiltSettings,
    reconstruction: Reconstruction,
    rng: np.random.Generator,
    *,
    contrast_factor: float = 1.0,
    snr: float | None = None,
) -> TiltedTomogram:
    """Record a tilt series of a scene and reconstruct it by weighted back-projection.

    Parameters
    ----------
    scene
        What to image.
    settings, reconstruction
        How.
    rng
        Source of all randomness; one state, one result.
    contrast_factor
        On the specimen's potential: what inelastic scattering and charging leave of it.
    snr
        Choose the contrast factor so that this ratio comes out (see `TiltedTomogram.snr`).

    Returns
    -------
    TiltedTomogram

    Raises
    ------
    BadInput
        If a ratio is wanted and no complex reaches into the volume.
    """
    voxel_size_A, nz = scene.voxel_size_A, scene.shape[0]
    tilts = draw_tilts(settings, rng)

    def reconstructed(relative: NDArray[np.float32]) -> NDArray[np.float32]:
        return _reconstructed(relative, tilts, reconstruction, voxel_size_A, nz)

    def exposed(modulation: NDArray[np.float32]) -> NDArray[np.float32]:
        return counted(
            modulation,
            tilts,
            settings,
            rng,
            voxel_size_A=voxel_size_A,
            thickness_A=scene.slab.thickness_A,
        )

    complexes = [*scene.particles, *scene.distractors]
    inside = within_spheres(scene.shape, voxel_size_A, complexes)
    by_complexes = modulations(
        potential_V(scene.shape, voxel_size_A, complexes), tilts, voxel_size_A
    )
    signal = reconstructed(detected(by_complexes, settings.detector))
    power = float(np.square(signal[inside], dtype=np.float64).mean()) if inside.any() else 0.0
    noise = reconstructed(_relative(exposed(np.zeros_like(by_complexes))))
    unscaled_snr = power / float(noise.var(dtype=np.float64))
    if snr is not None:
        if unscaled_snr == 0:
            raise BadInput(
                "No particle or distractor lies in the volume, so that no contrast gives the "
                f"signal-to-noise ratio {snr:g}. Place at least one, or give a contrast factor."
            )
        contrast_factor = float(np.sqrt(snr / unscaled_snr))
    by_surroundings = modulations(scene.surroundings_V, tilts, voxel_size_A)
    modulation = np.float32(contrast_factor) * (by_complexes + by_surroundings)
    counts = exposed(modulation)
    tomogram = reconstructed(_relative(counts))
    if reconstruction.denoising > 0:
        tomogram = wiener_denoised(
            tomogram,
            reconstructed(detected(modulation, settings.detector)),
            strength=reconstruction.denoising,
        )
    if reconstruction.protein == "light":
        tomogram = -tomogram
    tomogram -= np.float32(tomogram.mean(dtype=np.float64))
    return TiltedTomogram(
        tomogram=tomogram / np.float32(tomogram.std(dtype=np.float64)),
        counts=counts,
        tilts=tilts,
        contrast_factor=contrast_factor,
        snr=contrast_factor**2 * unscaled_snr,
    )


def _relative(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Deviation of each image from its mean, relative to it: tilts then count alike."""
    mean = counts.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    return np.asarray(counts / mean - 1, dtype=np.float32)


def _reconstructed(
    relative: NDArray[np.float32],
    tilts: Sequence[Tilt],
    reconstruction: Reconstruction,
    voxel_size_A: float,
    nz: int,
) -> NDArray[np.float32]:
    """Correct and back-project deviations with what is known of the tilts; protein stays dark."""
    if reconstruction.phase_flipped:
        relative = np.stack(
            [
                phase_flipped(image, tilt.optics, tilt.stated_deg, voxel_size_A)
                for image, tilt in zip(relative, tilts, strict=True)
            ]
        )
    stated_deg = [tilt.stated_deg for tilt in tilts]
    return back_projected(relative, stated_deg, nz, cutoff=reconstruction.cutoff)
