"""The direct mode: energy in the wedge, zeros of the transfer function, noise, centres."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.ndimage
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

from nunatak.errors import BadInput
from nunatak.simulate.density import Density
from nunatak.simulate.missing_wedge import (
    DirectImaging,
    direct_tomogram,
    radial_transfer,
    wedge_mask,
)
from nunatak.simulate.optics import Optics
from nunatak.simulate.volume_placement import Slab
from nunatak.simulate.volume_scene import PlacedComplex, VolumeScene, within_spheres

VOXEL_SIZE_A = 10.0
SHAPE = (40, 56, 64)
NO_NOISE = 1e8
IMAGING = DirectImaging(
    optics=Optics(defocus_u_A=30_000, defocus_v_A=30_000, b_factor_A2=0), snr=0.1
)


@pytest.fixture(scope="module")
def ball() -> Density:
    points = np.random.default_rng(5).uniform(-50, 50, (3000, 3))
    points = points[np.linalg.norm(points, axis=1) < 50]
    return Density.from_scatterers("ball", points, np.ones(len(points)), mass_kDa=400)


def scene_of(ball: Density, places: list[tuple[float, float, float]]) -> VolumeScene:
    return VolumeScene(
        shape=SHAPE,
        voxel_size_A=VOXEL_SIZE_A,
        slab=Slab(thickness_A=400.0),
        particles=[
            PlacedComplex(density=ball, x_px=x, y_px=y, z_px=z, rotation=Rotation.identity())
            for x, y, z in places
        ],
        surroundings_V=np.zeros(SHAPE, np.float32),
    )


PLACES = [(12.3, 15.7, 11.2), (45.5, 12.1, 25.9), (30.8, 40.4, 19.5), (52.0, 44.9, 9.6)]


@pytest.mark.parametrize("tilts_deg", [(-60.0, 60.0), (-40.0, 65.0)])
def test_the_wedge_holds_no_energy(ball: Density, tilts_deg: tuple[float, float]) -> None:
    imaging = replace(IMAGING, tilts_deg=tilts_deg, resolution_A=15.0)
    tomogram = direct_tomogram(scene_of(ball, PLACES), imaging, np.random.default_rng(0))
    power = np.abs(np.fft.fftn(tomogram)) ** 2
    kz, _, kx = np.meshgrid(*[np.fft.fftfreq(side) for side in SHAPE], indexing="ij")
    angle_deg = np.rad2deg(np.arctan2(kz, kx))
    angle_deg = (angle_deg + 90) % 180 - 90
    away = (np.hypot(kz, kx) > 0.15) & (np.hypot(kz, kx) < 0.4)
    missing = away & ((angle_deg < tilts_deg[0] - 5) | (angle_deg > tilts_deg[1] + 5))
    sampled = away & (angle_deg > tilts_deg[0] + 5) & (angle_deg < tilts_deg[1] - 5)
    assert power[missing].mean() < 1e-6 * power[sampled].mean()


def test_the_wedge_is_as_wide_as_the_tilts_leave_it() -> None:
    mask = wedge_mask((128, 1, 128), (-60.0, 60.0))
    # Of the half circle of directions 120° of 180° are sampled: of all within reach of a circle.
    kz = np.fft.fftfreq(128)[:, None]
    kx = np.fft.rfftfreq(128)[None, :]
    ring = (np.hypot(kz, kx) < 0.5) & (kx > 0)
    assert mask[:, 0][ring].mean() == pytest.approx(120 / 180, abs=0.02)
    assert mask[0, 0, 0]
    assert not mask[5:-5, 0, 0].any()


def zeros_per_A(defocus_A: float, count: int) -> list[float]:
    """Frequencies where the phase of 300 kV, 2.7 mm and 10 % amplitude contrast is π, 2π, …"""

    def phase_rad(k: float) -> float:
        chi = np.pi * 0.019687 * defocus_A * k**2 - np.pi / 2 * 2.7e7 * 0.019687**3 * k**4
        return float(chi + np.arcsin(0.1))

    return [
        brentq(lambda k, n=n: phase_rad(k) - n * np.pi, 1e-4, 0.09) for n in range(1, count + 1)
    ]


def test_zeros_of_the_transfer_lie_where_theory_has_them(rng: np.random.Generator) -> None:
    side, voxel_size_A, defocus_A = 96, 6.0, 40_000.0
    # A white object passed through, as every scene is.
    white = Density.from_scatterers("points", [[0, 0, 0], [1, 0, 0]], [1, 1], mass_kDa=1)
    scene = VolumeScene(
        shape=(side, side, side),
        voxel_size_A=voxel_size_A,
        slab=Slab(thickness_A=400.0),
        particles=[
            PlacedComplex(density=white, x_px=48, y_px=48, z_px=48, rotation=Rotation.identity())
        ],
        surroundings_V=rng.standard_normal((side, side, side), dtype=np.float32),
    )
    optics = Optics(defocus_u_A=defocus_A, defocus_v_A=defocus_A, b_factor_A2=0)
    imaging = DirectImaging(optics=optics, snr=NO_NOISE, resolution_A=1.0, tilts_deg=(-90.0, 90.0))
    power = np.abs(np.fft.rfftn(direct_tomogram(scene, imaging, rng))) ** 2
    k = np.sqrt(
        np.fft.fftfreq(side, voxel_size_A)[:, None, None] ** 2
        + np.fft.fftfreq(side, voxel_size_A)[None, :, None] ** 2
        + np.fft.rfftfreq(side, voxel_size_A)[None, None, :] ** 2
    )
    step = 1 / (side * voxel_size_A)
    shell = np.rint(k / step).astype(int).ravel()
    spectrum = np.bincount(shell, power.ravel()) / np.bincount(shell)
    for zero in zeros_per_A(defocus_A, 4):
        near = np.arange(int(zero / step) - 3, int(zero / step) + 5)
        found = near[np.argmin(spectrum[near])]
        assert found * step == pytest.approx(zero, abs=1.1 * step)
        assert spectrum[found] < 0.15 * spectrum[near].max()


def test_the_transfer_is_that_of_images() -> None:
    optics = Optics(defocus_u_A=25_000, defocus_v_A=25_000)
    transfer = radial_transfer(optics, (8, 8, 64), VOXEL_SIZE_A)
    for (iz, iy, ix), k in {(0, 0, 20): 20 / 640, (4, 4, 32): 3**0.5 / 20}.items():
        chi = np.pi * 0.019687 * 25_000 * k**2 - np.pi / 2 * 2.7e7 * 0.019687**3 * k**4
        expected = np.sin(chi + np.arcsin(0.1)) * np.exp(-25 * k**2)
        assert transfer[iz, iy, ix] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("phase_flipped", [True, False])
@pytest.mark.parametrize("snr", [0.05, 0.5])
def test_the_ratio_of_signal_to_noise_is_the_wanted_one(
    ball: Density, snr: float, phase_flipped: bool
) -> None:
    scene = scene_of(ball, PLACES)
    scene.distractors.append(scene.particles.pop())
    imaging = replace(IMAGING, snr=snr, phase_flipped=phase_flipped)
    tomograms = [direct_tomogram(scene, imaging, np.random.default_rng(seed)) for seed in (1, 2)]
    noise = np.mean((tomograms[0] - tomograms[1]) ** 2) / 2
    # The noise is independent of the one scene, so that the noise-free image gives the signal.
    clean = direct_tomogram(scene, replace(imaging, snr=NO_NOISE), np.random.default_rng(3))
    clean = clean * (np.vdot(clean, sum(tomograms)) / 2 / np.vdot(clean, clean))
    inside = within_spheres(SHAPE, VOXEL_SIZE_A, scene.particles + scene.distractors)
    assert np.mean(clean[inside] ** 2) / noise == pytest.approx(snr, rel=0.1)


@pytest.mark.parametrize("structure_noise", [0.0, 0.5, 1.0])
def test_noise_of_the_specimen_passes_the_optics_and_that_of_the_detector_does_not(
    ball: Density, structure_noise: float
) -> None:
    imaging = replace(IMAGING, snr=1e-6, structure_noise=structure_noise, resolution_A=1.0)
    tomogram = direct_tomogram(scene_of(ball, PLACES), imaging, np.random.default_rng(2))
    power = np.abs(np.fft.rfftn(tomogram)) ** 2
    # All of the specimen's noise goes the way of the signal, and none lies where that is zero.
    transfer = np.abs(radial_transfer(IMAGING.optics, SHAPE, VOXEL_SIZE_A))
    sampled = np.broadcast_to(wedge_mask(SHAPE, IMAGING.tilts_deg), power.shape)
    blind = (transfer < 0.08) & sampled
    kz = np.fft.fftfreq(SHAPE[0])[:, None, None]
    kx = np.fft.rfftfreq(SHAPE[2])[None, None, :]
    across = np.broadcast_to(np.hypot(kz, kx), power.shape)
    counted = across / across[sampled].mean()
    structure = transfer**2 / np.mean(transfer[sampled] ** 2)
    expected = (1 - structure_noise) * counted + structure_noise * structure
    fraction = power[blind].sum() / power[sampled].sum()
    assert fraction == pytest.approx(expected[blind].sum() / expected[sampled].sum(), rel=0.1)


@pytest.mark.parametrize("protein", ["dark", "light"])
def test_centres_are_recovered_to_half_a_voxel(ball: Density, protein: str) -> None:
    imaging = replace(IMAGING, snr=NO_NOISE, protein=protein)
    tomogram = direct_tomogram(scene_of(ball, PLACES), imaging, np.random.default_rng(0))
    smooth = scipy.ndimage.gaussian_filter(tomogram, 3.0) * (-1 if protein == "dark" else 1)
    for x_px, y_px, z_px in PLACES:
        iz, iy, ix = (round(c) for c in (z_px, y_px, x_px))
        window = smooth[iz - 4 : iz + 5, iy - 4 : iy + 5, ix - 4 : ix + 5]
        peak = np.array(np.unravel_index(np.argmax(window), window.shape))
        offset = np.array(
            [
                _vertex(np.take(window, peak[0] + np.arange(-1, 2), 0)[:, peak[1], peak[2]]),
                _vertex(np.take(window, peak[1] + np.arange(-1, 2), 1)[peak[0], :, peak[2]]),
                _vertex(np.take(window, peak[2] + np.arange(-1, 2), 2)[peak[0], peak[1], :]),
            ]
        )
        found = peak + offset + np.array([iz, iy, ix]) - 4
        np.testing.assert_allclose(found, (z_px, y_px, x_px), atol=0.5)


def _vertex(three: np.ndarray) -> float:
    """Where a parabola through three neighbouring values has its extremum."""
    return float(0.5 * (three[0] - three[2]) / (three[0] - 2 * three[1] + three[2]))


def test_tomograms_are_standardised_and_repeatable(ball: Density) -> None:
    scene = scene_of(ball, PLACES)
    first, again, other = (
        direct_tomogram(scene, IMAGING, np.random.default_rng(seed)) for seed in (4, 4, 5)
    )
    assert first.dtype == np.float32
    assert first.shape == SHAPE
    assert abs(first.mean()) < 1e-5
    assert first.std() == pytest.approx(1.0, rel=1e-4)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_nothing_to_see_has_no_ratio(ball: Density) -> None:
    with pytest.raises(BadInput, match="No particle or distractor lies in the volume"):
        direct_tomogram(scene_of(ball, []), IMAGING, np.random.default_rng(0))
