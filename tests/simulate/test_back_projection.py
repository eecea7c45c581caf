"""Weighted back-projection, denoising, and tomograms from scenes."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import scipy.ndimage
from scipy.spatial.transform import Rotation

from nunatak.errors import BadInput
from nunatak.simulate.back_projection import back_projected, ramp_filter
from nunatak.simulate.density import Density
from nunatak.simulate.missing_wedge import wedge_mask
from nunatak.simulate.optics import Optics
from nunatak.simulate.tilt_transfer import phase_flipped
from nunatak.simulate.tilted_tomogram import Reconstruction, TiltedTomogram, tilted_tomogram
from nunatak.simulate.tilts import TiltSettings, dose_symmetric_deg
from nunatak.simulate.volume_denoising import wiener_denoised
from nunatak.simulate.volume_placement import Slab
from nunatak.simulate.volume_projection import as_columns, project
from nunatak.simulate.volume_scene import PlacedComplex, VolumeScene, within_spheres

SHAPE = (40, 48, 72)
PLACES = [(16.3, 12.7, 13.2), (50.5, 13.1, 25.9), (34.8, 35.4, 19.5)]
SETTINGS = TiltSettings(
    optics=Optics(defocus_u_A=30_000, defocus_v_A=30_000), tilts_deg=dose_symmetric_deg(60, 4)
)


@pytest.fixture(scope="module")
def ball() -> Density:
    points = np.random.default_rng(5).uniform(-50, 50, (3000, 3))
    points = points[np.linalg.norm(points, axis=1) < 50]
    return Density.from_scatterers("ball", points, np.ones(len(points)), mass_kDa=400)


@pytest.fixture
def scene(ball: Density) -> VolumeScene:
    return VolumeScene(
        shape=SHAPE,
        voxel_size_A=10.0,
        slab=Slab(thickness_A=400.0),
        particles=[
            PlacedComplex(density=ball, x_px=x, y_px=y, z_px=z, rotation=Rotation.identity())
            for x, y, z in PLACES
        ],
        surroundings_V=np.zeros(SHAPE, np.float32),
    )


def blobs(shape: tuple[int, int, int]) -> np.ndarray:
    volume = np.zeros(shape, np.float32)
    for x_px, y_px, z_px in PLACES:
        z, y, x = np.indices(shape)
        distance2 = (x - x_px) ** 2 + (y - y_px) ** 2 + (z - z_px) ** 2
        volume += np.exp(-distance2 / (2 * 2.5**2)).astype(np.float32)
    return volume


def peak_px(volume: np.ndarray, xyz_px: tuple[float, float, float]) -> np.ndarray:
    """The highest point near a place, ``(x, y, z)``, to a fraction of a voxel."""
    iz, iy, ix = (round(c) for c in xyz_px[::-1])
    window = volume[iz - 4 : iz + 5, iy - 4 : iy + 5, ix - 4 : ix + 5]
    peak = np.unravel_index(np.argmax(window), window.shape)
    found = []
    for axis in range(3):
        index = list(peak)
        three = []
        for step in (-1, 0, 1):
            index[axis] = peak[axis] + step
            three.append(window[tuple(index)])
        vertex = 0.5 * (three[0] - three[2]) / (three[0] - 2 * three[1] + three[2])
        found.append(peak[axis] + vertex - 4)
    return np.add(found[::-1], (ix, iy, iz))


def test_the_ramp_is_that_of_theory() -> None:
    length = 256
    ramp = ramp_filter(length, cutoff=0.5)
    k = np.fft.rfftfreq(length)
    window = np.where(k <= 0.25, 0.54 + 0.46 * np.cos(np.pi * k / 0.25), 0.0)
    np.testing.assert_allclose(ramp, k * window, atol=0.002)
    assert ramp[0] > 0  # not zero: the kernel is cut off at the padded length


def test_all_tilts_give_the_volume_back() -> None:
    volume = blobs(SHAPE)
    tilts_deg = np.arange(-90.0, 90.0, 2.0)
    images = np.stack([project(as_columns(volume), SHAPE[0], t, 1.0) for t in tilts_deg])
    found = back_projected(images, tilts_deg.tolist(), SHAPE[0], cutoff=1e6)
    assert np.abs(found - volume).max() < 0.12
    assert found.max() == pytest.approx(volume.max(), rel=0.08)
    assert np.corrcoef(found.ravel(), volume.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("ends_deg", [(-60, 60), (-30, 66)])
def test_a_wedge_stays_empty_and_the_rest_is_kept(ends_deg: tuple[int, int]) -> None:
    volume = blobs(SHAPE)
    low_deg, high_deg = ends_deg
    tilts_deg = [float(tilt_deg) for tilt_deg in range(low_deg, high_deg + 1, 2)]
    images = np.stack([project(as_columns(volume), SHAPE[0], t, 1.0) for t in tilts_deg])
    found = back_projected(images, tilts_deg, SHAPE[0], cutoff=1e6)
    kz = np.fft.fftfreq(SHAPE[0])[:, None, None]
    kx = np.fft.rfftfreq(SHAPE[2])[None, None, :]
    band = (np.hypot(kz, kx) > 0.06) & (np.hypot(kz, kx) < 0.15)
    band = np.broadcast_to(band, (SHAPE[0], SHAPE[1], SHAPE[2] // 2 + 1))
    missing = band & ~wedge_mask(SHAPE, (low_deg - 6.0, high_deg + 6.0))
    sampled = band & wedge_mask(SHAPE, (low_deg + 6.0, high_deg - 6.0))
    power, own = (np.abs(np.fft.rfftn(one)) ** 2 for one in (found, volume))
    assert power[missing].sum() < 0.05 * own[missing].sum()
    assert power[sampled].sum() == pytest.approx(own[sampled].sum(), rel=0.1)


def test_centres_come_back_to_half_a_voxel() -> None:
    volume = blobs(SHAPE)
    tilts_deg = list(dose_symmetric_deg(60.0, 3.0))
    images = np.stack([project(as_columns(volume), SHAPE[0], t, 1.0) for t in tilts_deg])
    found = back_projected(images, tilts_deg, SHAPE[0])
    for place in PLACES:
        np.testing.assert_allclose(peak_px(found, place), place, atol=0.2)


def test_images_and_tilts_must_belong_together() -> None:
    with pytest.raises(BadInput, match="found 3 images and 2 tilts"):
        back_projected(np.zeros((3, 8, 8), np.float32), [0.0, 3.0], 4)
    with pytest.raises(BadInput, match="two images or more"):
        back_projected(np.zeros((1, 8, 8), np.float32), [0.0], 4)


@pytest.mark.parametrize("protein", ["dark", "light"])
def test_particles_are_found_where_they_lie(
    scene: VolumeScene, protein: str, rng: np.random.Generator
) -> None:
    made = tilted_tomogram(
        scene, SETTINGS, Reconstruction(protein=protein), rng, contrast_factor=1.0
    )
    assert made.tomogram.dtype == np.float32
    assert made.tomogram.std() == pytest.approx(1.0, rel=1e-3)
    assert abs(made.tomogram.mean()) < 1e-4
    smooth = scipy.ndimage.gaussian_filter(made.tomogram, 3.0)
    for place in PLACES:
        found = peak_px(-smooth if protein == "dark" else smooth, place)
        np.testing.assert_allclose(found, place, atol=0.5)


def test_the_wanted_ratio_of_signal_to_noise_comes_out(
    scene: VolumeScene, rng: np.random.Generator
) -> None:
    # Without errors every exposure shares the signal and nothing else.
    settings = replace(
        SETTINGS,
        tilts_deg=dose_symmetric_deg(60, 6),
        shift_error_px=0.0,
        axis_error_deg=0.0,
        tilt_error_deg=0.0,
        defocus_error_A=0.0,
    )
    asked = tilted_tomogram(scene, settings, Reconstruction(), rng, snr=0.3)
    factor = asked.contrast_factor
    made = [asked] + [
        tilted_tomogram(scene, settings, Reconstruction(), rng, contrast_factor=factor)
        for _ in range(5)
    ]
    assert all(one.snr == pytest.approx(0.3, rel=0.05) for one in made)
    volumes = [_unstandardised(one) for one in made]
    noise = np.mean([(a - b).var() / 2 for a, b in combinations(volumes, 2)])
    inside = within_spheres(SHAPE, 10.0, scene.particles)
    power = np.mean([np.mean(a[inside] * b[inside]) for a, b in combinations(volumes, 2)])
    assert power / noise == pytest.approx(0.3, rel=0.1)


def _unstandardised(made: TiltedTomogram) -> np.ndarray:
    """Reconstruct the counts anew, on their own scale."""
    relative = made.counts / made.counts.mean(axis=(1, 2), keepdims=True) - 1
    corrected = [
        phase_flipped(image, tilt.optics, tilt.stated_deg, 10.0)
        for image, tilt in zip(relative, made.tilts, strict=True)
    ]
    return back_projected(np.stack(corrected), [t.stated_deg for t in made.tilts], SHAPE[0])


def test_one_state_one_tomogram(scene: VolumeScene) -> None:
    settings = replace(SETTINGS, tilts_deg=dose_symmetric_deg(60, 15))
    first, again, other = (
        tilted_tomogram(scene, settings, Reconstruction(), np.random.default_rng(seed))
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.tomogram, again.tomogram)
    assert (first.tomogram != other.tomogram).any()


def test_a_ratio_needs_particles(scene: VolumeScene, rng: np.random.Generator) -> None:
    scene.particles.clear()
    with pytest.raises(BadInput, match="No particle or distractor"):
        tilted_tomogram(scene, SETTINGS, Reconstruction(), rng, snr=0.1)


def test_denoising_brings_a_tomogram_closer_to_the_truth(rng: np.random.Generator) -> None:
    signal = blobs(SHAPE)
    noisy = signal + 0.3 * rng.standard_normal(SHAPE, dtype=np.float32)
    weak, best, strong = (
        np.mean((wiener_denoised(noisy, signal, strength=strength) - signal) ** 2)
        for strength in (0.1, 1.0, 10.0)
    )
    assert best < 0.05 * np.mean((noisy - signal) ** 2)
    assert best < weak
    assert best < strong


def test_denoised_tomograms_show_particles_better(scene: VolumeScene) -> None:
    inside = within_spheres(SHAPE, 10.0, scene.particles)
    contrasts = []
    for denoising in (0.0, 1.0):
        made = tilted_tomogram(
            scene,
            SETTINGS,
            Reconstruction(denoising=denoising),
            np.random.default_rng(1),
            contrast_factor=0.4,
        )
        contrasts.append(-made.tomogram[inside].mean())
    assert contrasts[1] > 1.5 * contrasts[0] > 0
