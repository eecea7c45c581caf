"""Places in a simulated tomogram that a picker might take for particles, rightly or wrongly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.spatial.transform import Rotation

from nunatak.pruning import classes
from nunatak.recipes.pruning_volume_config import CLASS_OF_JUNK, VolumePickConfig
from nunatak.simulate.density import Density
from nunatak.simulate.volume_densities import add_density
from nunatak.simulate.volume_imaging import SimulatedTomogram
from nunatak.simulate.volume_junk import VolumeJunk
from nunatak.simulate.volume_placement import clearance_px
from nunatak.simulate.volume_scene import PlacedComplex

NO_COMPLEX = -1

_BIN = 2
"""Voxels per cell of the volume in which dark spots are looked for."""

_TRIES = 8
"""Places that are drawn for each that is wanted: most are too near to a particle."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """One pick: see `nunatak.recipes.pruning_volume_picks.VolumePicks`."""

    xyz_px: FloatArray
    diameter_px: float
    class_name: str
    junk: int = VolumeJunk.NONE
    complex_index: int = NO_COMPLEX


class VolumePicker:
    """Picks one simulated tomogram.

    Parameters
    ----------
    made
        The tomogram.
    config
        How to pick.
    rng
        Source of randomness.
    """

    def __init__(
        self, made: SimulatedTomogram, config: VolumePickConfig, rng: np.random.Generator
    ) -> None:
        self._made, self._config, self._rng = made, config, rng
        self._voxel_A = made.scene.voxel_size_A
        self._complexes = [*made.scene.particles, *made.scene.distractors]
        self._centres = np.array([_xyz(one) for one in self._complexes]).reshape(-1, 3)
        self._radii = np.array([one.radius_A for one in self._complexes]) / self._voxel_A
        junk = made.scene.junk
        self._label = np.zeros(made.tomogram.shape, np.uint8) if junk is None else junk
        self._clearance = clearance_px(self._label > 0)
        densities = {id(one.density): one.density for one in self._complexes}
        self._energies_V2 = {key: _energy_V2(one, self._voxel_A) for key, one in densities.items()}
        # The ratio is stated for the mean square of the complexes' signal within their spheres.
        energy_V2 = sum(self._energies_V2[id(one.density)] for one in self._complexes)
        voxels = 4 / 3 * np.pi * float((self._radii**3).sum())
        self._snr_per_V2 = float(made.parameters["snr"]) * voxels / energy_V2
        self._on = {kind: np.flatnonzero(self._label == kind) for kind in VolumeJunk}
        cells = [side // _BIN * _BIN for side in made.tomogram.shape]
        kept = made.tomogram[: cells[0], : cells[1], : cells[2]]
        nz, ny, nx = (side // _BIN for side in cells)
        self._coarse = kept.reshape(nz, _BIN, ny, _BIN, nx, _BIN).mean(axis=(1, 3, 5))

    def particles(self, kind: Density, index: int, stated_px: float) -> list[Place]:
        """Pick whole particles of a kind, and some of them off centre."""
        config, rng = self._config, self._rng
        true_px = kind.diameter_A / self._voxel_A
        upper = np.array(self._made.tomogram.shape[::-1]) - 0.5
        whole = [_xyz(one) for one in self._made.scene.particles if one.density is kind]
        whole = [one for one in whole if ((one >= -0.5) & (one < upper)).all()]
        if not whole or not self._is_visible(kind):
            return []
        whole = [whole[i] for i in rng.permutation(len(whole))]
        places = [
            Place(one + self._error() * true_px, stated_px, classes.PARTICLE, complex_index=index)
            for one in whole[: config.particles]
        ]
        for one in whole[: config.shifted]:
            shifted = one + rng.uniform(*config.off_centre) * true_px * _direction(rng)
            apart = np.linalg.norm(self._centres - shifted, axis=1).min()
            if apart >= config.off_centre[0] * true_px - 1e-9:
                places.append(Place(shifted, stated_px, classes.OFF_CENTRE))
        return places

    def of_other_size(self, stated_px: float) -> list[Place]:
        """Pick complexes that are much smaller, or anywhere inside much larger ones."""
        smaller, larger = self._config.other_size
        ratio = 2 * self._radii / stated_px
        others = np.flatnonzero((ratio < smaller) | (ratio > larger))
        seen = [i for i in others if self._is_visible(self._complexes[i].density)]
        places = []
        for i in self._rng.permutation(seen)[: self._config.other_sized]:
            error_px = self._error() * 2 * self._radii[i]
            play_px = max(float(self._radii[i]) - stated_px / 2, 0.0)
            error_px += play_px * self._rng.random() ** (1 / 3) * _direction(self._rng)
            places.append(Place(self._centres[i] + error_px, stated_px, classes.OTHER))
        return places

    def junk(self, stated_px: float) -> list[Place]:
        """Pick every kind of junk, and nothing at all."""
        dark = self._dark_spots(stated_px)
        rows = np.rint(dark).astype(np.int64)
        kind_of_dark = self._label[rows[:, 2], rows[:, 1], rows[:, 0]]
        places = []
        for kind, class_name in CLASS_OF_JUNK.items():
            most = self._config.empty if kind == VolumeJunk.NONE else self._config.junk_of_a_kind
            if not len(self._on[kind]) or not most:
                continue
            drawn_to = self._rng.permutation(dark[kind_of_dark == kind])
            flat = self._rng.choice(self._on[kind], _TRIES * most)
            anywhere = np.stack(np.unravel_index(flat, self._label.shape)[::-1], axis=1)
            found = self._free(drawn_to, kind, stated_px)[: most // 2]
            more = self._free(anywhere.astype(np.float64), kind, stated_px)
            found = np.concatenate([found, more[: most - len(found)]])
            places += [
                Place(one, stated_px, class_name, junk=kind)
                for one in found
                if kind == VolumeJunk.NONE or self._shows_junk(one, stated_px)
            ]
        return places

    def _is_visible(self, kind: Density) -> bool:
        return self._stands_out(self._energies_V2[id(kind)])

    def _stands_out(self, energy_V2: float) -> bool:
        """Say whether a matched filter would tell a potential of this energy from noise."""
        signal_to_noise = np.sqrt(self._snr_per_V2 * energy_V2)
        return bool(signal_to_noise >= self._config.least_detectability)

    def _shows_junk(self, place: FloatArray, stated_px: float) -> bool:
        """Say whether junk stands out within a particle's radius (a cube of its volume)."""
        half = 0.5 * (np.pi / 6) ** (1 / 3) * stated_px
        low = np.maximum(np.rint(place - half), 0).astype(np.int64)
        x, y, z = (
            slice(a, b + 1) for a, b in zip(low, np.rint(place + half).astype(int), strict=True)
        )
        surroundings = self._made.scene.surroundings_V[z, y, x]
        return self._stands_out(float(np.square(surroundings, dtype=np.float64).sum()))

    def _free(self, places: FloatArray, kind: VolumeJunk, stated_px: float) -> FloatArray:
        """Keep the places without a complex; of nothing, those without junk as well."""
        clear_px = self._config.clear * stated_px
        gaps = np.linalg.norm(places[:, None] - self._centres, axis=2) - self._radii
        kept = (gaps >= clear_px).all(axis=1)
        if kind == VolumeJunk.NONE:
            z, y, x = (np.rint(places[:, ::-1]).astype(np.int64) // 2).T
            kept &= self._clearance[z, y, x] >= clear_px
        free: FloatArray = places[kept]
        return free

    def _dark_spots(self, stated_px: float) -> FloatArray:
        """Positions x, y, z of the darkest places within half a diameter, shape (k, 3)."""
        dark = -gaussian_filter(self._coarse, 0.25 * stated_px / _BIN)
        size = max(round(0.5 * stated_px / _BIN), 3)
        peaks = (dark == maximum_filter(dark, size=size)) & (dark > np.quantile(dark, 0.6))
        cells: FloatArray = np.argwhere(peaks)[:, ::-1].astype(np.float64)
        return cells * _BIN + (_BIN - 1) / 2

    def _error(self) -> FloatArray:
        """Draw how far a good pick lies off the centre, in diameters."""
        centred = self._config.centred
        error: FloatArray = self._rng.normal(0.0, centred / np.sqrt(3), 3)
        error *= min(1.0, 1.5 * centred / max(float(np.linalg.norm(error)), 1e-9))
        return error


def _energy_V2(density: Density, voxel_size_A: float) -> float:
    """Sum of the squared potential of a complex over all voxels."""
    side = int(np.ceil(density.diameter_A / voxel_size_A)) + 4
    volume = np.zeros((side, side, side), np.float32)
    middle_px = (side - 1) / 2
    add_density(
        volume,
        density,
        Rotation.identity(),
        x_px=middle_px,
        y_px=middle_px,
        z_px=middle_px,
        voxel_size_A=voxel_size_A,
    )
    return float(np.square(volume, dtype=np.float64).sum())


def _xyz(one: PlacedComplex) -> FloatArray:
    return np.array([one.x_px, one.y_px, one.z_px])


def _direction(rng: np.random.Generator) -> FloatArray:
    direction = rng.standard_normal(3)
    return np.asarray(direction / np.linalg.norm(direction), dtype=np.float64)
