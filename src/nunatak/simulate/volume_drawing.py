"""From a configuration to the complexes of a data set and to the scene of one tomogram."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from nunatak.errors import BadInput
from nunatak.simulate.density import Density
from nunatak.simulate.density_files import visible_densities
from nunatak.simulate.filaments import ACTIN, MICROTUBULE, random_filament
from nunatak.simulate.membranes import add_vesicle, random_vesicle
from nunatak.simulate.procedural import procedural_complex
from nunatak.simulate.projection import random_rotation
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_densities import PROTEIN_POTENTIAL_V, add_density, suited_to_voxels
from nunatak.simulate.volume_junk import (
    VolumeJunk,
    add_carbon_film,
    add_contamination,
    add_gold_beads,
)
from nunatak.simulate.volume_placement import Slab, clearance_px, place_spheres
from nunatak.simulate.volume_scene import PlacedComplex, VolumeScene, within_spheres

_OBSTACLE_V = 0.15 * PROTEIN_POTENTIAL_V  # half of the faintest membrane
_MOST_DRAWS = 300
_MOST_SCENES = 30


@dataclass(frozen=True)
class Complexes:
    """What a data set's tomograms contain.

    Attributes
    ----------
    classes, distractors : tuple of Density
        Those to find, with distinct names, and those that nobody asks for.
    """

    classes: tuple[Density, ...]
    distractors: tuple[Density, ...]


def complexes_of(config: VolumeDatasetConfig) -> Complexes:
    """Load or draw the complexes of a data set, depending on the seed alone.

    Raises
    ------
    BadInput
        If a density cannot be read or is smaller than a voxel, or two classes have one name.
    """
    rng = np.random.default_rng([config.seed, 0])
    classes = visible_densities(config.densities, config.voxel_size_A) or [
        _visible_complex(config, rng, f"complex-{number + 1}") for number in range(config.complexes)
    ]
    distractors = visible_densities(config.distractors, config.voxel_size_A) or [
        _visible_complex(config, rng, f"distractor-{number + 1}")
        for number in range(config.distractor_complexes)
    ]
    repeated = [name for name, times in Counter(one.name for one in classes).items() if times > 1]
    if repeated:
        raise BadInput(
            f"two densities or more are called {', '.join(repeated)}, but the name of the file is "
            "that of the class. Rename one of them."
        )

    def suited(densities: Sequence[Density]) -> tuple[Density, ...]:
        return tuple(suited_to_voxels(one, config.voxel_size_A, rng) for one in densities)

    return Complexes(classes=suited(classes), distractors=suited(distractors))


def draw_volume_scene(
    config: VolumeDatasetConfig, complexes: Complexes, rng: np.random.Generator
) -> VolumeScene:
    """Draw what lies where in one tomogram.

    A scene in which no complex found room is drawn again: without one, a tomogram has no ratio of
    signal to noise.

    Parameters
    ----------
    config
        Of the data set.
    complexes
        Of `complexes_of`.
    rng
        Of this tomogram.

    Returns
    -------
    VolumeScene
        Complexes overlap neither each other nor membranes, filaments and junk. The sphere of at
        least one reaches into the volume.

    Raises
    ------
    BadInput
        If none does in 30 scenes.
    """
    for _ in range(_MOST_SCENES):
        scene = _drawn(config, complexes, rng)
        if _shows_complex(scene):
            return scene
    depth, height, width = config.shape
    raise BadInput(
        f"no complex found room in any of {_MOST_SCENES} scenes of {depth} x {height} x {width} "
        f"voxels of {config.voxel_size_A:g} Å. Ask for larger tomograms (--shape), a higher "
        "--occupancy or smaller complexes; or for less junk, in the file of --config."
    )


def _drawn(
    config: VolumeDatasetConfig, complexes: Complexes, rng: np.random.Generator
) -> VolumeScene:
    slope_x, slope_y = np.tan(np.deg2rad(rng.uniform(*config.ice_slope_deg, size=2)))
    depth_A = config.shape[0] * config.voxel_size_A
    slab = Slab(
        thickness_A=depth_A * rng.uniform(*config.ice_filling),
        slope_x=float(slope_x),
        slope_y=float(slope_y),
    )
    surroundings_V, junk = _surroundings(config, slab, rng)
    kinds = _kinds(config, complexes, slab, rng)
    radii_px = [0.5 * kind.diameter_A / config.voxel_size_A for kind in kinds]
    places = place_spheres(
        config.shape,
        radii_px,
        rng,
        slab=slab,
        voxel_size_A=config.voxel_size_A,
        clearance=clearance_px(np.abs(surroundings_V) > _OBSTACLE_V),
        margin_px=0.5 * max(radii_px, default=0.0),
        clumping=rng.uniform(*config.clumping),
    )
    asked_for = {id(one) for one in complexes.classes}
    placed = [
        PlacedComplex(
            density=kind,
            x_px=float(x),
            y_px=float(y),
            z_px=float(z),
            rotation=Rotation.from_matrix(random_rotation(rng).astype(np.float64)),
        )
        for kind, (x, y, z) in zip(kinds, places, strict=True)
        if np.isfinite(x)
    ]
    return VolumeScene(
        shape=config.shape,
        voxel_size_A=config.voxel_size_A,
        slab=slab,
        particles=[one for one in placed if id(one.density) in asked_for],
        distractors=[one for one in placed if id(one.density) not in asked_for],
        surroundings_V=surroundings_V,
        junk=junk,
    )


def _shows_complex(scene: VolumeScene) -> bool:
    """Tell whether the sphere of a complex holds a voxel."""
    return any(
        within_spheres(scene.shape, scene.voxel_size_A, [one]).any()
        for one in (*scene.particles, *scene.distractors)
    )


def _kinds(
    config: VolumeDatasetConfig, complexes: Complexes, slab: Slab, rng: np.random.Generator
) -> list[Density]:
    """Draw complexes, all classes with equal chances, until their spheres fill the wanted part."""
    _, ny, nx = config.shape
    wanted_A3 = rng.uniform(*config.occupancy) * slab.thickness_A * ny * nx * config.voxel_size_A**2
    share = rng.uniform(*config.distractor_share) if complexes.distractors else 0.0
    kinds: list[Density] = []
    while wanted_A3 > 0 or not kinds:
        group = complexes.distractors if rng.random() < share else complexes.classes
        kind = group[int(rng.integers(len(group)))]
        wanted_A3 -= np.pi / 6 * kind.diameter_A**3
        kinds.append(kind)
    return kinds


def _surroundings(
    config: VolumeDatasetConfig, slab: Slab, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Draw membranes, filaments and junk, V, and name what each voxel holds of them.

    Both arrays have the shape ``(nz, ny, nx)``.
    """
    shape, voxel_size_A = config.shape, config.voxel_size_A
    volume = np.zeros(shape, np.float32)
    named = _Named(volume)

    def number(bounds: tuple[int, int]) -> int:
        return int(rng.integers(bounds[0], bounds[1] + 1))

    for _ in range(number(config.membranes)):
        add_vesicle(volume, random_vesicle(shape, voxel_size_A, rng), voxel_size_A)
    named.as_kind(VolumeJunk.MEMBRANE)
    filaments = (
        (MICROTUBULE, config.microtubules, VolumeJunk.MICROTUBULE),
        (ACTIN, config.actin, VolumeJunk.ACTIN),
    )
    for helix, bounds, kind in filaments:
        for _ in range(number(bounds)):
            filament = random_filament(helix, shape, voxel_size_A, rng)
            add_density(
                volume,
                filament.density,
                Rotation.identity(),
                x_px=filament.x_A / voxel_size_A,
                y_px=filament.y_A / voxel_size_A,
                z_px=filament.z_A / voxel_size_A,
                voxel_size_A=voxel_size_A,
            )
        named.as_kind(kind)
    add_contamination(
        volume, number(config.contamination), rng, slab=slab, voxel_size_A=voxel_size_A
    )
    named.as_kind(VolumeJunk.CONTAMINATION)
    if rng.random() < config.carbon:
        add_carbon_film(volume, rng, slab=slab, voxel_size_A=voxel_size_A)
    named.as_kind(VolumeJunk.CARBON)
    # Last: gold shines through everything.
    add_gold_beads(volume, number(config.gold_beads), rng, slab=slab, voxel_size_A=voxel_size_A)
    named.as_kind(VolumeJunk.GOLD_BEAD)
    return volume, named.kind


class _Named:
    """Names the voxels of a volume by what was last put there."""

    def __init__(self, volume: NDArray[np.float32]) -> None:
        self._volume, self._before = volume, volume.copy()
        self.kind = np.zeros(volume.shape, np.uint8)

    def as_kind(self, kind: VolumeJunk) -> None:
        """Name the voxels that have changed since the last call, plane by plane."""
        for name, now, before in zip(self.kind, self._volume, self._before, strict=True):
            name[np.abs(now - before) > _OBSTACLE_V] = kind
        np.copyto(self._before, self._volume)


def _visible_complex(config: VolumeDatasetConfig, rng: np.random.Generator, name: str) -> Density:
    # A complex that is wider than the ice is deep would not fit in all orientations.
    widest_A = 0.6 * config.shape[0] * config.voxel_size_A
    for _ in range(_MOST_DRAWS):
        density = procedural_complex(rng)
        if density.mass_kDa >= config.smallest_kDa and density.diameter_A <= widest_A:
            return replace(density, name=name)
    raise BadInput(
        f"no built-in complex of {config.smallest_kDa:g} kDa or more fits into a volume "
        f"{config.shape[0] * config.voxel_size_A:g} Å deep. Ask for a deeper one or for smaller "
        "complexes."
    )
