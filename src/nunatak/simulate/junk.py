"""What fools pickers: each function adds one kind of junk to a field, with random parameters."""

import numpy as np
from numpy.typing import NDArray

from nunatak.simulate.field import Field, JunkClass, Window, smooth_noise
from nunatak.simulate.ice import MEAN_FREE_PATH_A

CARBON_POTENTIAL_V = 9.0
GOLD_POTENTIAL_V = 25.0
ICE_POTENTIAL_V = 4.5
CARBON_MEAN_FREE_PATH_A = 1700.0
GOLD_MEAN_FREE_PATH_A = 180.0
DIRT_MEAN_FREE_PATH_A = 2000.0
BILAYER_A = 40.0


def add_carbon_edge(field: Field, rng: np.random.Generator, *, sigma_e: float) -> None:
    """Lay carbon film outside a large hole whose edge crosses the field.

    Parameters
    ----------
    field
        Changed in place.
    rng
        Source of randomness.
    sigma_e
        Interaction constant, rad/(V·Å).
    """
    inside = _soft_step(_hole_edge(field, rng), rng.uniform(10.0, 40.0))
    thickness_A = rng.uniform(100.0, 300.0)
    # Carbon films are grainy: their thickness varies by a few per cent over tens of Å.
    grain = 1 + 0.06 * smooth_noise(field.shape, 40.0 / field.pixel_size_A + 1, rng)
    field.add_matter(
        np.float32(thickness_A) * inside * grain,
        JunkClass.CARBON,
        phase_rad_per_A=sigma_e * CARBON_POTENTIAL_V,
        mean_free_path_A=CARBON_MEAN_FREE_PATH_A,
    )
    field.roughness *= 1 + inside * np.float32(rng.uniform(1.0, 3.0))


def add_gold_foil(field: Field, rng: np.random.Generator) -> None:
    """Lay gold foil, nearly opaque, outside a large hole whose edge crosses the field."""
    inside = _soft_step(_hole_edge(field, rng), rng.uniform(20.0, 80.0))
    field.transmission *= 1 - inside * np.float32(1 - rng.uniform(0.05, 0.3))
    field.label[inside > 0.5] = JunkClass.GOLD_FOIL


def add_gold_beads(field: Field, rng: np.random.Generator, *, sigma_e: float) -> None:
    """Scatter gold beads of one batch, diameter 50 to 150 Å."""
    batch_radius_A = rng.uniform(25.0, 75.0)
    for _ in range(int(rng.integers(1, 12))):
        x_A, y_A = _anywhere(field, rng)
        radius_A = batch_radius_A * rng.uniform(0.85, 1.15)
        window = field.window(x_A, y_A, radius_A)
        field.add_matter(
            _sphere_A(field.distance_A(x_A, y_A, window), radius_A),
            JunkClass.GOLD_BEAD,
            phase_rad_per_A=sigma_e * GOLD_POTENTIAL_V,
            mean_free_path_A=GOLD_MEAN_FREE_PATH_A,
            window=window,
        )


def add_ice_crystal(
    field: Field, rng: np.random.Generator, *, sigma_e: float, diameter_A: float
) -> None:
    """Add one domed ice crystal or drop with an irregular outline and a textured surface."""
    window, height = _blob_A(field, rng, diameter_A=diameter_A)
    height *= np.float32(rng.uniform(0.3, 1.0))
    if height.size:
        scale_px = max(diameter_A * rng.uniform(0.05, 0.3) / field.pixel_size_A, 1.0)
        shape = (height.shape[0], height.shape[1])
        texture = 1 + np.float32(rng.uniform(0.05, 0.5)) * smooth_noise(shape, scale_px, rng)
        height *= np.maximum(texture, 0.0)
    field.add_matter(
        height,
        JunkClass.ICE_CRYSTAL,
        phase_rad_per_A=sigma_e * ICE_POTENTIAL_V * rng.uniform(0.6, 1.2),
        mean_free_path_A=MEAN_FREE_PATH_A,
        window=window,
    )


def add_contamination(
    field: Field, rng: np.random.Generator, *, sigma_e: float, diameter_A: float
) -> None:
    """Add a cluster of small dense grains (ethane, frost, dirt) over about ``diameter_A``."""
    x_A, y_A = _anywhere(field, rng)
    for _ in range(int(rng.integers(3, 14))):
        grain_A = diameter_A * rng.uniform(0.15, 0.6)
        grain_x_A, grain_y_A = rng.normal((x_A, y_A), 0.35 * diameter_A)
        window = field.window(grain_x_A, grain_y_A, grain_A)
        distance = field.distance_A(grain_x_A, grain_y_A, window)
        field.add_matter(
            np.float32(grain_A) * np.maximum(1 - (2 * distance / np.float32(grain_A)) ** 2, 0.0),
            JunkClass.CONTAMINATION,
            phase_rad_per_A=sigma_e * rng.uniform(2.0, 6.0),
            mean_free_path_A=DIRT_MEAN_FREE_PATH_A,
            window=window,
        )


def add_specks(
    field: Field, rng: np.random.Generator, *, sigma_e: float, diameter_A: float
) -> None:
    """Sprinkle faint grains of about ``diameter_A`` everywhere, too weak to be seen one by one.

    Ice that looks empty holds them: surface frost, small droplets, free subunits.
    """
    height_A, width_A = field.size_A
    spacing_A = diameter_A * rng.uniform(1.5, 6.0)
    number = min(round(height_A * width_A / spacing_A**2), 400)
    # Frost that is thick in one data set is thick everywhere in it.
    phase_rad_per_A = sigma_e * float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
    for _ in range(number):
        x_A, y_A = _anywhere(field, rng)
        radius_A = 0.5 * diameter_A * rng.uniform(0.6, 1.4)
        window = field.window(x_A, y_A, radius_A)
        field.add_matter(
            _sphere_A(field.distance_A(x_A, y_A, window), radius_A),
            JunkClass.CONTAMINATION,
            phase_rad_per_A=phase_rad_per_A,
            mean_free_path_A=DIRT_MEAN_FREE_PATH_A,
            window=window,
        )


def add_vesicle(field: Field, rng: np.random.Generator, *, sigma_e: float) -> None:
    """Add a vesicle or micelle: the projection of a spherical shell 40 Å thick."""
    outer_A = rng.uniform(150.0, 900.0)
    x_A, y_A = _anywhere(field, rng)
    window = field.window(x_A, y_A, outer_A)
    distance = field.distance_A(x_A, y_A, window)
    field.add_matter(
        _sphere_A(distance, outer_A) - _sphere_A(distance, outer_A - BILAYER_A),
        JunkClass.VESICLE,
        phase_rad_per_A=sigma_e * rng.uniform(1.0, 3.0),
        mean_free_path_A=MEAN_FREE_PATH_A,
        window=window,
    )


def add_filament(field: Field, rng: np.random.Generator, *, sigma_e: float) -> None:
    """Add a gently bent filament 40 to 150 Å wide that crosses the field."""
    radius_A = rng.uniform(20.0, 75.0)
    x, y = field.offsets_A(*_anywhere(field, rng))
    direction = rng.uniform(0, 2 * np.pi)
    cosine, sine = np.float32(np.cos(direction)), np.float32(np.sin(direction))
    along = x * cosine + y * sine
    bend = np.float32(rng.normal(0.0, 0.15) / max(field.size_A))
    across = y * cosine - x * sine - bend * along**2
    repeat = np.cos(along * np.float32(2 * np.pi / rng.uniform(40.0, 400.0)))
    field.add_matter(
        _sphere_A(across, radius_A) * (1 + np.float32(rng.uniform(0.0, 0.5)) * repeat),
        JunkClass.FILAMENT,
        phase_rad_per_A=sigma_e * rng.uniform(1.5, 4.0),
        mean_free_path_A=MEAN_FREE_PATH_A,
    )


def add_mottled_ice(
    field: Field, rng: np.random.Generator, *, sigma_e: float, scale_A: float, height_A: float
) -> None:
    """Mottle the ice as cubic ice and uneven films do: features ``scale_A`` wide.

    One octave or several, rounded or with ridges and sharp dark grains; ``height_A`` is the
    standard deviation of the thickness.
    """
    mottle = np.zeros(field.shape, np.float32)
    for octave in range(int(rng.integers(1, 4))):
        scale_px = max(scale_A / field.pixel_size_A / 2**octave, 1.0)
        mottle += smooth_noise(field.shape, scale_px, rng) * np.float32(rng.uniform(0.4, 1.0))
    if rng.random() < 0.4:
        mottle = np.abs(mottle) if rng.random() < 0.5 else np.maximum(mottle, 0.5)
    field.phase_rad += np.float32(sigma_e * ICE_POTENTIAL_V * height_A) * mottle
    field.label[field.label == JunkClass.NONE] = JunkClass.MOTTLED_ICE


def add_empty_hole(field: Field, rng: np.random.Generator) -> None:
    """Break the ice: a bright region without specimen, bounded by a random outline."""
    window, height = _blob_A(field, rng, diameter_A=rng.uniform(0.3, 1.2) * max(field.size_A))
    hole = height > 0
    field.roughness[window][hole] = 0.0
    field.transmission[window][hole] *= np.float32(rng.uniform(1.05, 1.3))
    field.label[window][hole] = JunkClass.EMPTY_HOLE


def _anywhere(field: Field, rng: np.random.Generator) -> tuple[float, float]:
    height_A, width_A = field.size_A
    return float(rng.uniform(0, width_A)), float(rng.uniform(0, height_A))


def _hole_edge(field: Field, rng: np.random.Generator) -> NDArray[np.float32]:
    """Distance outside the rim of a hole of the support film, Å; the rim crosses the field."""
    radius_A = rng.uniform(6000.0, 12000.0)
    x_A, y_A = _anywhere(field, rng)
    direction = rng.uniform(0, 2 * np.pi)
    distance = field.distance_A(
        x_A - radius_A * np.cos(direction), y_A - radius_A * np.sin(direction)
    )
    return distance - np.float32(radius_A)


def _soft_step(distance_A: NDArray[np.float32], width_A: float) -> NDArray[np.float32]:
    """Rise from 0 to 1 over ``width_A`` around zero distance."""
    return np.asarray(np.clip(distance_A / np.float32(width_A) + 0.5, 0.0, 1.0), dtype=np.float32)


def _sphere_A(distance_A: NDArray[np.float32], radius_A: float) -> NDArray[np.float32]:
    """Projected thickness of a sphere (or, across its axis, of a cylinder), Å."""
    squared = np.maximum(np.float32(radius_A) ** 2 - distance_A**2, np.float32(0.0))
    return np.asarray(2 * np.sqrt(squared), dtype=np.float32)


def _blob_A(
    field: Field, rng: np.random.Generator, *, diameter_A: float
) -> tuple[Window, NDArray[np.float32]]:
    """Place a dome with a random smooth outline (low Fourier harmonics); its height in Å."""
    x_A, y_A = _anywhere(field, rng)
    window = field.window(x_A, y_A, diameter_A)
    x, y = field.offsets_A(x_A, y_A, window)
    angle = np.arctan2(y, x)
    outline = np.full(angle.shape, 0.5 * diameter_A, np.float32)
    for order in range(2, 7):
        amplitude = np.float32(rng.normal(0.0, 0.12) / (order - 1))
        outline *= 1 + amplitude * np.cos(order * angle + np.float32(rng.uniform(0, 2 * np.pi)))
    dome = np.maximum(1 - np.hypot(x, y) ** 2 / outline**2, 0.0) ** rng.uniform(0.4, 1.0)
    return window, np.asarray(0.5 * diameter_A * dome, dtype=np.float32)
