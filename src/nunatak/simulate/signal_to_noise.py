"""Signal-to-noise ratio of simulated particles: measured, and set to a wish."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.simulate.field import Field
from nunatak.simulate.ice import transmission
from nunatak.simulate.scene import PlacedParticle, Rendered, Scene, render

_log = logging.getLogger(__name__)

_PATCH_PX = 256  # 65 536 pixels: their variance is good to 1 %
_LARGEST_CREDIBLE_FACTOR = 3.0
_TOLERANCE = 0.005
_MOST_STEPS = 12


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
    inside = circles(scene.shape, scene.pixel_size_A, particles)
    return _power(rendered, scene, inside) if inside.any() else 0.0


def _power(
    rendered: Rendered, scene: Scene, inside: NDArray[np.bool_], factor: float = 1.0
) -> float:
    """Mean square of the signal in a region, if its contrast were ``factor`` times as strong."""
    inner = tuple(slice(scene.margin_px, scene.margin_px + side) for side in scene.shape)
    passing = transmission(scene.ice.thickness_map_A(scene.surroundings.shape))
    level = (passing * scene.surroundings.transmission)[inner]
    level = level * (scene.dose_e_A2 * scene.pixel_size_A**2 * scene.detector.dqe_zero)
    # `Rendered.signal` is the linear part; the intensity is the exponential of the modulation.
    modulation = factor * rendered.signal / np.maximum(level, 1e-6)
    signal = level * np.expm1(np.clip(modulation, -4.0, 1.5))
    relative = np.sqrt(scene.detector.dqe(scene.shape) / scene.detector.dqe_zero)
    detected = scipy.fft.irfft2(scipy.fft.rfft2(signal) * relative, s=scene.shape)
    return float(np.square(detected[inside]).mean())


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
    The noise does not depend on the factor, and the signal grows with it a little less than in
    proportion.

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
        If no particle lies in the image, or no contrast gives the wanted ratio.
    """
    unscaled = replace(scene, contrast_factor=1.0)
    rendered = render(unscaled, rng)
    inside = circles(scene.shape, scene.pixel_size_A, particles)
    if not inside.any():
        raise BadInput("No particle lies in the image, so that no signal can be scaled.")
    wanted = snr * noise_variance(scene, rng)
    factor = 1.0
    for _ in range(_MOST_STEPS):
        power = _power(rendered, unscaled, inside, factor)
        if abs(power / wanted - 1) < _TOLERANCE:
            break
        factor *= float(np.sqrt(wanted / power))
    else:
        raise BadInput(
            f"A signal-to-noise ratio of {snr:g} per pixel cannot be reached by contrast. "
            "Ask for less, or for more dose, defocus or pixel size."
        )
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
