"""Endless labelled training crops: small simulated micrographs at the working size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from pydantic import Field as Setting

from nunatak.errors import BadInput
from nunatak.images.normalise import normalise
from nunatak.simulate.density import Density
from nunatak.simulate.field import Field
from nunatak.simulate.placement import place, tilted_about_view
from nunatak.simulate.processing import random_processing
from nunatak.simulate.projection import random_rotation
from nunatak.simulate.random_scene import (
    JunkPlacement,
    add_random_junk,
    random_detector,
    random_ice,
    random_optics,
)
from nunatak.simulate.scene import PlacedParticle, Rendered, Scene, margin_for, render


class CropConfig(BaseModel):
    """How training crops vary; every range is (low, high)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    side_px: int = Setting(160, gt=0)
    diameter_px: float = Setting(20.0, gt=0)
    diameter_error: tuple[float, float] = (0.72, 1.35)
    """Stated divided by true diameter."""
    dose_e_A2: tuple[float, float] = (15.0, 60.0)
    contrast_factor: tuple[float, float] = (0.35, 1.0)
    coverage: tuple[float, float] = (0.01, 0.75)
    """Fraction of the area that particles aim to cover (drawn uniformly in its square root)."""
    spacing: tuple[float, float] = (0.55, 1.3)
    """Smallest distance between particles, in true diameters."""
    empty: float = 0.25
    """Fraction of crops without a particle, which are twice as rich in junk."""
    preferred_view: float = 0.25
    """Fraction of crops whose particles share one preferred view."""
    junk: float = 0.8
    """Factor on the probability of every kind of junk."""
    least_detectability: float = 4.0
    """Below this matched-filter signal-to-noise ratio a particle is ignored, not asked for."""


@dataclass(frozen=True)
class TrainingCrop:
    """A simulated image with its labels.

    Attributes
    ----------
    image : ndarray, shape (n, n), float32
        Normalised.
    centres_px : ndarray, shape (k, 2), float32
        Columns x, y: the particles to find.
    ignored_px : ndarray, shape (m, 3), float32
        Columns x, y, radius: places where neither a hit nor a miss counts.
    """

    image: NDArray[np.float32]
    centres_px: NDArray[np.float32]
    ignored_px: NDArray[np.float32]


def make_crop(
    densities: Sequence[Density], config: CropConfig, rng: np.random.Generator
) -> TrainingCrop:
    """Simulate one training crop of one randomly chosen complex.

    Parameters
    ----------
    densities
        To choose from; thin them to a thousand scatterers for speed.
    config
        Ranges.
    rng
        Source of all randomness; one state, one crop.

    Returns
    -------
    TrainingCrop
    """
    density = densities[int(rng.integers(len(densities)))]
    while True:
        drawn = draw_field(density, config, rng)
        try:
            image = normalise(drawn.image)
        except BadInput:
            continue  # once in many thousand crops, foil covers everything
        return _labelled(image, drawn, visible=drawn.is_visible(config.least_detectability))


@dataclass(frozen=True)
class DrawnField:
    """A simulated field of view of one complex, and all that is in it.

    Attributes
    ----------
    image : ndarray, shape (ny, nx), float32
        In arbitrary units, as a program would store it.
    scene : Scene
        What was imaged, junk included.
    rendered : Rendered
        Counts, and the mask of junk.
    particles : list of PlacedParticle
        The whole ones, to be picked; none in an empty field.
    spoiled : JunkPlacement
        Junk made of protein.
    diameter_A : float
        True diameter of the complex, Å.
    """

    image: NDArray[np.float32]
    scene: Scene
    rendered: Rendered
    particles: list[PlacedParticle]
    spoiled: JunkPlacement
    diameter_A: float

    def is_visible(self, least_detectability: float) -> bool:
        """Tell whether the particles stand out of the noise (see `detectability`)."""
        if not self.particles:
            return True
        found = detectability(self.scene, self.rendered, len(self.particles))
        return found >= least_detectability


def draw_field(density: Density, config: CropConfig, rng: np.random.Generator) -> DrawnField:
    """Simulate a field of view of a complex under random conditions.

    Parameters
    ----------
    density
        The complex; thin it to a thousand scatterers for speed.
    config
        Ranges.
    rng
        Source of all randomness; one state, one field.
    """
    scene = _random_scene(density, config, rng)
    empty = rng.random() < config.empty
    if not empty:
        scene.particles = _random_particles(scene, density, config, rng)
    wanted = list(scene.particles)
    spoiled = add_random_junk(scene, density, rng, amount=config.junk * (2 if empty else 1))
    rendered = render(scene, rng)
    image = random_processing(rendered.counts, rng)
    return DrawnField(image, scene, rendered, wanted, spoiled, density.diameter_A)


def _random_scene(density: Density, config: CropConfig, rng: np.random.Generator) -> Scene:
    """Draw the instrument and the ice; no particles yet."""
    pixel_size_A = density.diameter_A * rng.uniform(*config.diameter_error) / config.diameter_px
    shape = (config.side_px, config.side_px)
    optics = random_optics(rng)
    margin = margin_for(optics, pixel_size_A, shape)
    return Scene(
        shape=shape,
        pixel_size_A=pixel_size_A,
        optics=optics,
        ice=random_ice(rng),
        detector=random_detector(rng, binning=max(1.0, pixel_size_A / rng.uniform(0.6, 1.5))),
        dose_e_A2=rng.uniform(*config.dose_e_A2),
        contrast_factor=rng.uniform(*config.contrast_factor),
        surroundings=Field.clean((shape[0] + 2 * margin, shape[1] + 2 * margin), pixel_size_A),
    )


def _random_particles(
    scene: Scene, density: Density, config: CropConfig, rng: np.random.Generator
) -> list[PlacedParticle]:
    diameter_px = density.diameter_A / scene.pixel_size_A
    low, high = np.sqrt(config.coverage)
    coverage = rng.uniform(low, high) ** 2
    area = (scene.shape[0] + diameter_px) * (scene.shape[1] + diameter_px)
    number = max(1, round(coverage * area / (np.pi / 4 * diameter_px**2)))
    positions = place(
        scene.shape,
        number,
        rng,
        spacing_px=rng.uniform(*config.spacing) * diameter_px,
        margin_px=diameter_px / 2,
        clumping=0.3 if rng.random() < 0.3 else 0.0,
    )
    if rng.random() < config.preferred_view:
        view = random_rotation(rng)
        spread_rad = rng.uniform(0.0, 0.3)
        rotations = [tilted_about_view(view, spread_rad, rng) for _ in positions]
    else:
        rotations = [random_rotation(rng) for _ in positions]
    return [
        PlacedParticle(density, float(x), float(y), rotation)
        for (x, y), rotation in zip(positions, rotations, strict=True)
    ]


def _labelled(image: NDArray[np.float32], drawn: DrawnField, *, visible: bool) -> TrainingCrop:
    scene, wanted = drawn.scene, drawn.particles
    inside = [
        (particle.x_px, particle.y_px)
        for particle in wanted
        if -0.5 <= particle.x_px < scene.shape[1] - 0.5
        and -0.5 <= particle.y_px < scene.shape[0] - 0.5
    ]
    centres = np.array(inside, dtype=np.float32).reshape(-1, 2)
    # A broken particle may pass for a whole one of another complex: no verdict.
    ignored = [
        (piece.x_px, piece.y_px, piece.density.diameter_A / scene.pixel_size_A / 2)
        for piece in drawn.spoiled.fragments
    ]
    if not visible:
        radius_px = wanted[0].density.diameter_A / scene.pixel_size_A / 2
        ignored += [(x, y, radius_px) for x, y in inside]
        centres = centres[:0]
    return TrainingCrop(
        image=image,
        centres_px=centres,
        ignored_px=np.array(ignored, dtype=np.float32).reshape(-1, 3),
    )


def detectability(scene: Scene, rendered: Rendered, particles: int) -> float:
    """Signal-to-noise ratio of a matched filter on one average particle.

    Square root of the signal's energy per particle over the variance of the counting noise;
    about 4 is needed to tell a particle from noise anywhere in a micrograph.

    Parameters
    ----------
    scene, rendered
        A scene and its image.
    particles
        How many particles share the signal.

    Returns
    -------
    float
    """
    area = scene.shape[0] * scene.shape[1]
    per_area = float(np.square(rendered.signal).sum()) / area
    diameter_px = scene.particles[0].density.diameter_A / scene.pixel_size_A
    reach = (scene.shape[0] + diameter_px) * (scene.shape[1] + diameter_px)
    variance = float(np.median(rendered.counts))
    return float(np.sqrt(per_area * reach / particles / max(variance, 1e-6)))
