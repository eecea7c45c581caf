"""Draw the conditions of a micrograph at random, as widely as real sessions vary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nunatak.simulate import junk
from nunatak.simulate.density import Density
from nunatak.simulate.detector import Detector
from nunatak.simulate.field import JunkClass
from nunatak.simulate.ice import Ice
from nunatak.simulate.optics import Optics, interaction_constant_rad_per_VA
from nunatak.simulate.projection import random_rotation
from nunatak.simulate.scene import PlacedParticle, Scene

JUNK_PROBABILITY = {
    "carbon_edge": 0.07,
    "gold_foil": 0.03,
    "gold_beads": 0.05,
    "ice_crystal": 0.22,
    "contamination": 0.15,
    "specks": 0.06,
    "vesicle": 0.04,
    "filament": 0.05,
    "mottled_ice": 0.16,
    "empty_hole": 0.04,
    "aggregate": 0.10,
    "fragment": 0.08,
}
"""Chance that a clean field receives each kind of junk."""


def random_optics(rng: np.random.Generator) -> Optics:
    """Draw microscope settings: mostly 300 kV, 0.8 to 3 µm under-focus with a tail to 4 µm."""
    defocus_A = rng.uniform(8_000, 30_000) if rng.random() < 0.85 else rng.uniform(30_000, 40_000)
    phase_shift_rad = 0.0
    if rng.random() < 0.04:
        # A phase plate needs little defocus.
        defocus_A, phase_shift_rad = rng.uniform(4_000, 10_000), rng.uniform(0.3, 0.6) * np.pi
    astigmatism_A = rng.exponential(150.0)
    return Optics(
        voltage_kV=float(rng.choice([300.0, 200.0, 100.0], p=[0.72, 0.24, 0.04])),
        cs_mm=float(rng.choice([2.7, 2.0, 1.2, 0.001], p=[0.7, 0.1, 0.1, 0.1])),
        amplitude_contrast=rng.uniform(0.07, 0.10),
        defocus_u_A=defocus_A + astigmatism_A / 2,
        defocus_v_A=defocus_A - astigmatism_A / 2,
        astigmatism_angle_rad=rng.uniform(0, np.pi),
        phase_shift_rad=phase_shift_rad,
        b_factor_A2=rng.uniform(80, 250),
        drift_A=abs(rng.normal(0.0, 3.0)) if rng.random() < 0.95 else rng.uniform(5.0, 20.0),
    )


def random_ice(rng: np.random.Generator) -> Ice:
    """Draw ice 200 to 800 Å thick, with a gradient of up to a half and a meniscus."""
    return Ice(
        thickness_A=rng.uniform(200, 800),
        gradient=rng.uniform(0, 0.5) * (rng.random() < 0.5),
        direction_rad=rng.uniform(0, 2 * np.pi),
        meniscus=rng.uniform(0, 0.5) * (rng.random() < 0.3),
        structure=float(np.exp(rng.uniform(np.log(0.5), np.log(3.0)))),
    )


def random_detector(rng: np.random.Generator, *, binning: float) -> Detector:
    """Draw a counting camera, old or new, with a few hot pixels at times."""
    return Detector(
        dqe_zero=rng.uniform(0.5, 0.95),
        dqe_nyquist=rng.uniform(0.15, 0.35),
        hot_pixel_fraction=rng.uniform(0, 5e-4) * (rng.random() < 0.15),
        hot_pixel_sigma=rng.uniform(5, 40),
        binning=binning,
    )


@dataclass
class JunkPlacement:
    """Junk made of protein, to be rendered like particles but not to be picked."""

    aggregates: list[PlacedParticle] = field(default_factory=list)
    fragments: list[PlacedParticle] = field(default_factory=list)


def add_random_junk(
    scene: Scene,
    density: Density,
    rng: np.random.Generator,
    *,
    amount: float = 1.0,
    kinds: Sequence[str] | None = None,
) -> JunkPlacement:
    """Spoil a scene.

    Parameters
    ----------
    scene
        Its junk maps are changed in place, and protein junk is appended to its particles.
    density
        The complex of this data set; aggregates and fragments are made of it, and the sizes of
        other junk are drawn around its diameter, where it is hardest to tell apart.
    rng
        Source of randomness.
    amount
        Factor on the probabilities `JUNK_PROBABILITY`.
    kinds
        Restrict to these keys of `JUNK_PROBABILITY`.

    Returns
    -------
    JunkPlacement
        The protein junk that was added.
    """
    sigma_e = interaction_constant_rad_per_VA(scene.optics.voltage_kV)
    placed = JunkPlacement()

    def size_A(low: float, high: float) -> float:
        return float(density.diameter_A * np.exp(rng.uniform(np.log(low), np.log(high))))

    def crystals() -> None:
        for _ in range(int(rng.integers(1, 5))):
            junk.add_ice_crystal(
                scene.surroundings, rng, sigma_e=sigma_e, diameter_A=size_A(0.3, 6.0)
            )

    def contamination() -> None:
        for _ in range(int(rng.integers(1, 4))):
            junk.add_contamination(
                scene.surroundings, rng, sigma_e=sigma_e, diameter_A=size_A(0.3, 2.5)
            )

    def specks() -> None:
        junk.add_specks(scene.surroundings, rng, sigma_e=sigma_e, diameter_A=size_A(0.15, 0.6))

    def mottle() -> None:
        # Strong mottle hides particles: where there are some, they must stay visible.
        strongest_A = 25.0 if scene.particles else 150.0
        height_A = float(np.exp(rng.uniform(np.log(3.0), np.log(strongest_A))))
        junk.add_mottled_ice(
            scene.surroundings, rng, sigma_e=sigma_e, scale_A=size_A(0.15, 4.0), height_A=height_A
        )

    def aggregates() -> None:
        for _ in range(int(rng.integers(1, 3))):
            placed.aggregates += _aggregate(scene, density, rng)

    def fragments() -> None:
        placed.fragments += [
            _anywhere(scene, broken(density, rng), rng) for _ in range(int(rng.integers(1, 8)))
        ]

    add: dict[str, Callable[[], None]] = {
        "carbon_edge": lambda: junk.add_carbon_edge(scene.surroundings, rng, sigma_e=sigma_e),
        "gold_foil": lambda: junk.add_gold_foil(scene.surroundings, rng),
        "gold_beads": lambda: junk.add_gold_beads(scene.surroundings, rng, sigma_e=sigma_e),
        "ice_crystal": crystals,
        "contamination": contamination,
        "specks": specks,
        "vesicle": lambda: junk.add_vesicle(scene.surroundings, rng, sigma_e=sigma_e),
        "filament": lambda: junk.add_filament(scene.surroundings, rng, sigma_e=sigma_e),
        "mottled_ice": mottle,
        "empty_hole": lambda: junk.add_empty_hole(scene.surroundings, rng),
        "aggregate": aggregates,
        "fragment": fragments,
    }
    for kind, probability in JUNK_PROBABILITY.items():
        # The number is drawn for every kind, so that a restriction does not shift the others.
        if rng.random() < amount * probability and (kinds is None or kind in kinds):
            add[kind]()
    scene.particles += placed.aggregates + placed.fragments
    _label(scene, placed.aggregates, JunkClass.AGGREGATE)
    _label(scene, placed.fragments, JunkClass.FRAGMENT)
    return placed


def broken(density: Density, rng: np.random.Generator) -> Density:
    """Cut a particle by a random plane, so that 30 to 70 % of its scatterers remain."""
    normal = rng.standard_normal(3)
    height = density.positions_A @ (normal / np.linalg.norm(normal)).astype(np.float32)
    keep = height < np.quantile(height, rng.uniform(0.3, 0.7))
    return Density.from_scatterers(
        f"{density.name} (broken)",
        density.positions_A[keep],
        density.potential_VA3[keep],
        mass_kDa=density.mass_kDa * float(keep.mean()),
        blur_A=density.blur_A,
    )


def _aggregate(scene: Scene, density: Density, rng: np.random.Generator) -> list[PlacedParticle]:
    """Clump 5 to 25 copies at distances well below the diameter."""
    centre = _anywhere(scene, density, rng)
    step_px = rng.uniform(0.3, 0.6) * density.diameter_A / scene.pixel_size_A
    points = np.cumsum(rng.standard_normal((int(rng.integers(5, 26)), 2)) * step_px, axis=0)
    points -= points.mean(axis=0)
    return [
        PlacedParticle(density, centre.x_px + dx, centre.y_px + dy, random_rotation(rng))
        for dx, dy in points
    ]


def _anywhere(scene: Scene, density: Density, rng: np.random.Generator) -> PlacedParticle:
    ny, nx = scene.shape
    return PlacedParticle(
        density, float(rng.uniform(0, nx)), float(rng.uniform(0, ny)), random_rotation(rng)
    )


def _label(scene: Scene, particles: Sequence[PlacedParticle], label: JunkClass) -> None:
    pixel_size_A = scene.pixel_size_A
    for particle in particles:
        x_A = (particle.x_px + scene.margin_px) * pixel_size_A
        y_A = (particle.y_px + scene.margin_px) * pixel_size_A
        radius_A = particle.density.diameter_A / 2
        window = scene.surroundings.window(x_A, y_A, radius_A)
        inside = scene.surroundings.distance_A(x_A, y_A, window) < radius_A
        scene.surroundings.label[window][inside] = label
