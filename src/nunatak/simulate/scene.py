"""A field of view and its rendering into an image."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nunatak.simulate.density import Density
from nunatak.simulate.detector import Detector, expose
from nunatak.simulate.field import Field
from nunatak.simulate.ice import Ice, structural_phase, transmission
from nunatak.simulate.optics import (
    Optics,
    contrast_transfer,
    damage_filter,
    frequencies,
    interaction_constant_rad_per_VA,
)
from nunatak.simulate.projection import add_projection


@dataclass(frozen=True)
class PlacedParticle:
    """One particle, or a piece of junk made of particles, in the field.

    Attributes
    ----------
    density : Density
        What it is.
    x_px, y_px : float
        Its centre in the final image (may lie outside).
    rotation : ndarray, shape (3, 3)
        Its orientation.
    """

    density: Density
    x_px: float
    y_px: float
    rotation: NDArray[np.float32]


@dataclass(kw_only=True)
class Scene:
    """All that is in the field of view, and how it is recorded.

    Attributes
    ----------
    shape : tuple of int
        ``(ny, nx)`` of the final image, pixels.
    pixel_size_A : float
        Å.
    optics, ice, detector
        The instrument and the specimen's support.
    dose_e_A2 : float
        Total dose.
    contrast_factor : float
        Factor on the particles' potential: what inelastic scattering, charging and imperfect
        alignment take from the ideal contrast (0.35 to 1 is realistic).
    particles : list of PlacedParticle
        Everything made of protein, junk included.
    surroundings : Field
        Junk maps, larger than the image by `margin_px` on each side.
    """

    shape: tuple[int, int]
    pixel_size_A: float
    optics: Optics
    ice: Ice
    detector: Detector
    dose_e_A2: float = 40.0
    contrast_factor: float = 1.0
    particles: list[PlacedParticle] = field(default_factory=list)
    surroundings: Field

    @property
    def margin_px(self) -> int:
        """Border of the junk maps around the final image, pixels."""
        return (self.surroundings.shape[0] - self.shape[0]) // 2


@dataclass(frozen=True)
class Rendered:
    """A simulated image.

    Attributes
    ----------
    counts : ndarray, shape (ny, nx), float32
        Detected electrons per pixel.
    label : ndarray, shape (ny, nx), uint8
        `nunatak.simulate.field.JunkClass` of each pixel.
    signal : ndarray, shape (ny, nx), float32
        Expected counts that the particles add or take away, to first order in their phase (no
        noise, no junk).
    """

    counts: NDArray[np.float32]
    label: NDArray[np.uint8]
    signal: NDArray[np.float32]


def margin_for(optics: Optics, pixel_size_A: float, shape: tuple[int, int]) -> int:
    """Margin that keeps the periodic Fourier transform's wrap-around out of the image, pixels.

    At least the distance by which the transfer function displaces signal; then enlarged to a
    size for which the transform is fast.
    """
    least = int(np.ceil(optics.delocalisation_A(pixel_size_A) / pixel_size_A)) + 2
    side = max(shape)
    fast = scipy.fft.next_fast_len(side + 2 * least, real=True)
    while (fast - side) % 2:
        fast = scipy.fft.next_fast_len(fast + 1, real=True)
    return int((fast - side) // 2)


def render(scene: Scene, rng: np.random.Generator) -> Rendered:
    """Form the image of a scene.

    Phase objects are added up, multiplied by the contrast transfer function in Fourier space
    and counted by the detector. The intensity is ``T exp(-2 CTF ⊗ φ)``: for weak objects that
    is the weak-phase approximation ``T (1 - 2 CTF ⊗ φ)``, and under thick junk it stays positive.

    Parameters
    ----------
    scene
        What to image.
    rng
        Source of all randomness; one state, one result.

    Returns
    -------
    Rendered
    """
    pixel_size_A = scene.pixel_size_A
    padded = scene.surroundings.shape
    thickness_A = scene.ice.thickness_map_A(padded)
    structure = structural_phase(thickness_A, pixel_size_A, structure=scene.ice.structure, rng=rng)
    other_phase = scene.surroundings.phase_rad + structure * scene.surroundings.roughness
    transfer = -2 * contrast_transfer(scene.optics, padded, pixel_size_A)
    protein = _protein_phase_transform(scene) * transfer
    modulation = scipy.fft.irfft2(scipy.fft.rfft2(other_phase) * transfer + protein, s=padded)
    passing = transmission(thickness_A) * scene.surroundings.transmission
    electrons = scene.dose_e_A2 * pixel_size_A**2
    counts = expose(
        np.asarray(passing * np.exp(np.clip(modulation, -4.0, 1.5)), dtype=np.float32),
        scene.detector,
        electrons_per_pixel=electrons,
        rng=rng,
    )
    signal = scipy.fft.irfft2(protein, s=padded) * passing * electrons * scene.detector.dqe_zero
    inner = tuple(slice(scene.margin_px, scene.margin_px + side) for side in scene.shape)
    return Rendered(
        counts=counts[inner],
        label=scene.surroundings.label[inner],
        signal=np.asarray(signal[inner], dtype=np.float32),
    )


def _protein_phase_transform(scene: Scene) -> NDArray[np.complex64]:
    """Fourier transform of the particles' phase, damaged by the dose and blurred."""
    padded = scene.surroundings.shape
    potential: dict[float, NDArray[np.float32]] = defaultdict(lambda: np.zeros(padded, np.float32))
    for particle in scene.particles:
        add_projection(
            potential[particle.density.blur_A],
            particle.density,
            particle.rotation,
            x_px=particle.x_px + scene.margin_px,
            y_px=particle.y_px + scene.margin_px,
            pixel_size_A=scene.pixel_size_A,
        )
    ky, kx = frequencies(padded, scene.pixel_size_A)
    k2 = kx**2 + ky**2
    total = np.zeros((padded[0], padded[1] // 2 + 1), np.complex64)
    for blur_A, field_VA in potential.items():
        total += scipy.fft.rfft2(field_VA) * np.exp(-2 * (np.pi * blur_A) ** 2 * k2)
    strength = interaction_constant_rad_per_VA(scene.optics.voltage_kV) * scene.contrast_factor
    damage = damage_filter(
        padded,
        scene.pixel_size_A,
        dose_e_A2=scene.dose_e_A2,
        voltage_kV=scene.optics.voltage_kV,
    )
    return np.asarray(total * (np.float32(strength) * damage), dtype=np.complex64)
