"""Signal-to-noise ratio of simulated particles: measured, and set to a wish."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.simulate.field import Field
from nunatak.simulate.scene import PlacedParticle, Rendered, Scene, render

_log = logging.getLogger(__name__)

_PATCH_PX = 512
_LARGEST_CREDIBLE_FACTOR = 3.0


def signal_power(rendered: Rendered, scene: Scene, particles: Sequence[PlacedParticle]) -> float:
    """Mean square of the particles' expected signal within their circles, counts².

    Parameters
    ----------
    rendered, scene
        An image and its scene.
    particles
        Those whose circles (diameter `Density.diameter_A`) are looked at.

    Returns
    -------
    float
        0 if no circle lies in the image.
    """
    dqe = scene.detector.dqe(scene.shape)
    relative = np.sqrt(dqe / scene.detector.dqe_zero)
    seen = scipy.fft.irfft2(scipy.fft.rfft2(rendered.signal) * relative, s=scene.shape)
    inside = circles(scene.shape, scene.pixel_size_A, particles)
    return float(np.square(seen[inside]).mean()) if inside.any() else 0.0


def noise_variance(scene: Scene, rng: np.random.Generator) -> float:
    """Variance of a pixel of plain ice as thick as the scene's centre, counts².

    Structural, shot and detector noise are rendered on a patch without particles, junk and
    gradients.

    Parameters
    ----------
    scene
        Gives optics, ice, dose and detector; it is not changed.
    rng
        Source of randomness.
    """
    patch = (_PATCH_PX, _PATCH_PX)
    plain = replace(
        scene,
        shape=patch,
        ice=replace(scene.ice, gradient=0.0, meniscus=0.0),
        detector=replace(scene.detector, hot_pixel_fraction=0.0),
        particles=[],
        surroundings=Field.clean(patch, scene.pixel_size_A),
    )
    return float(render(plain, rng).counts.var(dtype=np.float64))


def contrast_factor_for(
    scene: Scene, particles: Sequence[PlacedParticle], *, snr: float, rng: np.random.Generator
) -> float:
    """Return the contrast factor that gives the particles a wanted signal-to-noise ratio.

    The ratio is the mean square of the particles' signal within their circles over the
    variance of the noise, per pixel of the image (averaging n × n pixels raises it by up to n²).
    The signal is proportional to the factor, and the noise does not depend on it.

    Parameters
    ----------
    scene
        With the particles in place; it is not changed.
    particles
        Those that the wish is about.
    snr
        Wanted ratio per pixel.
    rng
        Source of randomness for the noise.

    Raises
    ------
    BadInput
        If the particles leave no signal in the image.
    """
    unscaled = replace(scene, contrast_factor=1.0)
    power = signal_power(render(unscaled, rng), unscaled, particles)
    if not power > 0:
        raise BadInput("No particle lies in the image, so that no signal can be scaled.")
    factor = float(np.sqrt(snr * noise_variance(scene, rng) / power))
    if factor > _LARGEST_CREDIBLE_FACTOR:
        _log.warning(
            "A signal-to-noise ratio of %g takes %.1f times the contrast that physics gives; "
            "ask for less, or for more dose, defocus or pixel size",
            snr,
            factor,
        )
    return factor


def circles(
    shape: tuple[int, int], pixel_size_A: float, particles: Sequence[PlacedParticle]
) -> NDArray[np.bool_]:
    """Pixels within the circles of particles, shape ``(ny, nx)``, bool."""
    inside = np.zeros(shape, dtype=bool)
    for particle in particles:
        radius_px = 0.5 * particle.density.diameter_A / pixel_size_A
        rows, columns = (
            np.arange(
                max(0, int(np.ceil(centre - radius_px))),
                min(size, int(np.floor(centre + radius_px)) + 1),
            )
            for centre, size in zip((particle.y_px, particle.x_px), shape, strict=True)
        )
        dy, dx = rows[:, None] - particle.y_px, columns[None, :] - particle.x_px
        inside[np.ix_(rows, columns)] |= dy**2 + dx**2 <= radius_px**2
    return inside
