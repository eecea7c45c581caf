"""From a data set's configuration to the specimen and to single micrographs."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nunatak.simulate.dataset_config import DatasetConfig
from nunatak.simulate.density import Density
from nunatak.simulate.density_files import visible_densities
from nunatak.simulate.detector import Detector
from nunatak.simulate.field import Field, JunkClass
from nunatak.simulate.ice import Ice
from nunatak.simulate.optics import Optics
from nunatak.simulate.placement import place, tilted_about_view
from nunatak.simulate.procedural import procedural_complex
from nunatak.simulate.projection import random_rotation
from nunatak.simulate.random_scene import add_random_junk
from nunatak.simulate.scene import PlacedParticle, Scene, margin_for

_DRAWS_FOR_A_DIAMETER = 60
_GOOD_ENOUGH = 0.1  # relative difference in size that scaling may bridge without a second thought
_HABITABLE = (JunkClass.NONE, JunkClass.CARBON, JunkClass.MOTTLED_ICE)
"""Where particles may lie and be seen; elsewhere there is no ice, or something hides them."""


@dataclass(frozen=True)
class Specimen:
    """A complex and the view that it prefers.

    Attributes
    ----------
    density : Density
    view : ndarray, shape (3, 3), float32
    """

    density: Density
    view: NDArray[np.float32]


def specimens(config: DatasetConfig) -> list[Specimen]:
    """Load or draw the complexes of a data set, depending on the seed alone.

    Raises
    ------
    BadInput
        If a density cannot be read or is smaller than a pixel.
    """
    densities = visible_densities(config.densities, config.pixel_size_A)
    for number in range(0 if densities else config.complexes):
        rng = np.random.default_rng([config.seed, 0, number])
        densities.append(
            procedural_complex(rng)
            if config.diameter_A is None
            else complex_of_diameter(config.diameter_A, rng)
        )
    return [
        Specimen(density, random_rotation(np.random.default_rng([config.seed, 1, number])))
        for number, density in enumerate(densities)
    ]


def complex_of_diameter(diameter_A: float, rng: np.random.Generator) -> Density:
    """Draw a built-in complex of a wanted diameter.

    The first of up to 60 that is within 10 % of it is taken, or else the nearest, and scaled:
    lengths by the remaining ratio, mass and potential by its cube.
    """
    best = procedural_complex(rng)
    for _ in range(_DRAWS_FOR_A_DIAMETER - 1):
        if abs(best.diameter_A / diameter_A - 1) < _GOOD_ENOUGH:
            break
        other = procedural_complex(rng)
        if abs(np.log(other.diameter_A / diameter_A)) < abs(np.log(best.diameter_A / diameter_A)):
            best = other
    ratio = diameter_A / best.diameter_A
    return replace(
        best,
        positions_A=best.positions_A * np.float32(ratio),
        potential_VA3=best.potential_VA3 * np.float32(ratio**3),
        blur_A=best.blur_A * ratio,
        diameter_A=diameter_A,
        mass_kDa=best.mass_kDa * ratio**3,
    )


def draw_scene(
    config: DatasetConfig, specimen: Specimen, rng: np.random.Generator
) -> tuple[Scene, list[PlacedParticle]]:
    """Draw one micrograph's conditions, junk and particles.

    Parameters
    ----------
    config
        Of the data set.
    specimen
        What the particles are.
    rng
        Of this micrograph.

    Returns
    -------
    scene : Scene
        Ready to render.
    truth : list of PlacedParticle
        The particles to find: whole, not part of an aggregate, not hidden by junk, and with
        their centre in the image.
    """
    optics = _draw_optics(config, rng)
    margin_px = margin_for(optics, config.pixel_size_A, config.shape)
    padded = (config.shape[0] + 2 * margin_px, config.shape[1] + 2 * margin_px)
    scene = Scene(
        shape=config.shape,
        pixel_size_A=config.pixel_size_A,
        optics=optics,
        ice=Ice(
            thickness_A=rng.uniform(*config.ice_thickness_A),
            gradient=rng.uniform(*config.ice_gradient),
            direction_rad=rng.uniform(0, 2 * np.pi),
            meniscus=rng.uniform(*config.ice_meniscus),
            structure=rng.uniform(*config.ice_structure),
        ),
        detector=Detector(
            dqe_zero=config.dqe[0],
            dqe_nyquist=config.dqe[1],
            hot_pixel_fraction=config.hot_pixel_fraction,
        ),
        dose_e_A2=config.dose_e_A2,
        contrast_factor=rng.uniform(*config.contrast_factor),
        surroundings=Field.clean(padded, config.pixel_size_A),
    )
    add_random_junk(scene, specimen.density, rng, amount=config.junk, kinds=config.junk_kinds)
    if rng.random() < config.empty:
        return scene, []
    particles = _draw_particles(config, specimen, scene, rng)
    scene.particles += particles
    return scene, [particle for particle in particles if _in_image(particle, scene.shape)]


def _draw_optics(config: DatasetConfig, rng: np.random.Generator) -> Optics:
    defocus_A = rng.uniform(*config.defocus_A)
    astigmatism_A = rng.uniform(*config.astigmatism_A)
    return Optics(
        voltage_kV=config.voltage_kV,
        cs_mm=config.cs_mm,
        amplitude_contrast=config.amplitude_contrast,
        defocus_u_A=defocus_A + astigmatism_A / 2,
        defocus_v_A=defocus_A - astigmatism_A / 2,
        astigmatism_angle_rad=rng.uniform(0, np.pi),
        phase_shift_rad=np.deg2rad(config.phase_shift_deg),
        b_factor_A2=rng.uniform(*config.b_factor_A2),
        drift_A=rng.uniform(*config.drift_A),
    )


def _draw_particles(
    config: DatasetConfig, specimen: Specimen, scene: Scene, rng: np.random.Generator
) -> list[PlacedParticle]:
    diameter_px = specimen.density.diameter_A / config.pixel_size_A
    # Particles cut by the border belong to a real micrograph: the area counts their strip too.
    area = (config.shape[0] + diameter_px) * (config.shape[1] + diameter_px)
    if config.particles is None:
        number = round(rng.uniform(*config.coverage) * area / (np.pi / 4 * diameter_px**2))
    else:
        wanted = int(rng.integers(config.particles[0], config.particles[1] + 1))
        number = round(wanted * area / (config.shape[0] * config.shape[1]))
    positions = place(
        config.shape,
        number,
        rng,
        spacing_px=config.spacing * diameter_px,
        margin_px=diameter_px / 2,
        clumping=config.clumping,
    )
    spread_rad = np.deg2rad(config.preferred_spread_deg)
    return [
        PlacedParticle(
            specimen.density,
            float(x),
            float(y),
            tilted_about_view(specimen.view, spread_rad, rng)
            if rng.random() < config.preferred
            else random_rotation(rng),
        )
        for x, y in positions
        if _habitable(scene, float(x), float(y))
    ]


def _habitable(scene: Scene, x_px: float, y_px: float) -> bool:
    label = scene.surroundings.label
    row = int(np.clip(round(y_px + scene.margin_px), 0, label.shape[0] - 1))
    column = int(np.clip(round(x_px + scene.margin_px), 0, label.shape[1] - 1))
    return bool(label[row, column] in _HABITABLE)


def _in_image(particle: PlacedParticle, shape: tuple[int, int]) -> bool:
    ny, nx = shape
    return -0.5 <= particle.x_px < nx - 0.5 and -0.5 <= particle.y_px < ny - 0.5
