"""Tilt series: geometry, transfer across the tilt, dose, errors, counting."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from nunatak.simulate.detector import Detector
from nunatak.simulate.ice import MEAN_FREE_PATH_A
from nunatak.simulate.optics import Optics, contrast_transfer, critical_dose_e_A2
from nunatak.simulate.tilt_series import counted, damage, modulations
from nunatak.simulate.tilt_transfer import defocus_across_A, filtered_across, phase_flipped
from nunatak.simulate.tilts import Tilt, TiltSettings, dose_symmetric_deg, draw_tilts
from nunatak.simulate.volume_projection import as_columns, as_volume, project

OPTICS = Optics(defocus_u_A=30_000, defocus_v_A=30_000, b_factor_A2=0)
PERFECT = Tilt(
    stated_deg=0.0,
    true_deg=0.0,
    optics=OPTICS,
    dose_before_e_A2=0.0,
    dose_e_A2=1e-3,
    shift_px=(0.0, 0.0),
    axis_deg=0.0,
)


def blob(shape: tuple[int, ...], *centre: float, sigma_px: float = 2.0) -> np.ndarray:
    axes = np.indices(shape)
    distance2 = sum((axis - c) ** 2 for axis, c in zip(axes, centre, strict=True))
    return np.exp(-distance2 / (2 * sigma_px**2)).astype(np.float32)


def centroid(image: np.ndarray) -> np.ndarray:
    weights = image.astype(np.float64) / image.sum(dtype=np.float64)
    return np.array([(weights * axis).sum() for axis in np.indices(image.shape)])


@pytest.mark.parametrize("tilt_deg", [0.0, 33.0, -57.0])
def test_projections_lie_where_the_tilt_brings_them(tilt_deg: float) -> None:
    z_px, y_px, x_px = 24.5, 17.25, 39.0
    volume = blob((32, 36, 64), z_px, y_px, x_px)
    image = project(as_columns(volume), 32, tilt_deg, 5.0)
    tilt_rad = np.deg2rad(tilt_deg)
    seen = 31.5 + (x_px - 31.5) * np.cos(tilt_rad) + (z_px - 15.5) * np.sin(tilt_rad)
    np.testing.assert_allclose(centroid(image), (y_px, seen), atol=0.01)
    # V·Å per pixel of 25 Å² is V·Å³ per voxel.
    assert image.sum() * 25 == pytest.approx(volume.sum() * 125, rel=1e-3)


def test_an_untilted_projection_is_the_sum_along_z(rng: np.random.Generator) -> None:
    volume = rng.standard_normal((8, 9, 10), dtype=np.float32)
    image = project(as_columns(volume), 8, 0.0, 1.0)
    np.testing.assert_allclose(image, volume.sum(axis=0), atol=1e-5)
    np.testing.assert_array_equal(as_volume(as_columns(volume), 8), volume)


def test_flat_ice_stays_flat_when_tilted() -> None:
    volume = np.ones((21, 4, 200), np.float32)
    for tilt_deg in (3.0, 30.0, 45.0, 60.0):
        middle = project(as_columns(volume), 21, tilt_deg, 1.0)[:, 80:120]
        np.testing.assert_allclose(middle, 21 / np.cos(np.deg2rad(tilt_deg)), rtol=0.01)


def test_tilts_follow_the_published_order() -> None:
    tilts_deg = dose_symmetric_deg(60.0, 3.0)
    assert tilts_deg[:9] == (0, 3, -3, -6, 6, 9, -9, -12, 12)
    assert sorted(tilts_deg) == list(range(-60, 61, 3))
    assert (np.diff(np.abs(tilts_deg)) >= 0).all()


def zeros_per_A(defocus_A: float, count: int) -> list[float]:
    def phase_rad(k: float) -> float:
        chi = np.pi * 0.019687 * defocus_A * k**2 - np.pi / 2 * 2.7e7 * 0.019687**3 * k**4
        return float(chi + np.arcsin(0.1))

    return [
        brentq(lambda k, n=n: phase_rad(k) - n * np.pi, 1e-4, 0.09) for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("tilt_deg", [0.0, 55.0, -55.0])
def test_zeros_move_across_a_tilted_image(rng: np.random.Generator, tilt_deg: float) -> None:
    ny, nx, pixel_size_A = 600, 512, 6.0
    white = rng.standard_normal((ny, nx), dtype=np.float32)

    def factor(optics: Optics, shape: tuple[int, int]) -> np.ndarray:
        return contrast_transfer(optics, shape, pixel_size_A)

    image = filtered_across(white, OPTICS, tilt_deg, pixel_size_A, factor)
    for column in (60, 256, 452):
        # Electrons come from +z: at positive tilt the right side lies lower, farther under focus.
        defocus_A = 30_000 + (column - 255.5) * pixel_size_A * np.tan(np.deg2rad(tilt_deg))
        assert defocus_across_A(OPTICS, tilt_deg, nx, pixel_size_A)[column] == pytest.approx(
            defocus_A
        )
        # Along y the defocus stays: a strip's spectrum along y alone, averaged over its columns.
        strip = image[:, column - 16 : column + 16]
        windowed = (strip * np.hanning(32)).sum(axis=1)  # frequencies with kx near zero
        neighbours = [windowed]
        for shift in (-24, -12, 12, 24):
            other = image[:, column + shift - 16 : column + shift + 16]
            neighbours.append((other * np.hanning(32)).sum(axis=1))
        power = np.mean(np.abs(np.fft.rfft(neighbours, axis=1)) ** 2, axis=0)
        smooth = np.convolve(power, np.ones(5) / 5, mode="same")
        k = np.fft.rfftfreq(ny, pixel_size_A)
        for zero in zeros_per_A(defocus_A, 2):
            near = np.abs(k - zero) < 0.0035
            found = k[near][np.argmin(smooth[near])]
            assert found == pytest.approx(zero, abs=0.0015)


def test_each_column_has_the_transfer_of_its_own_defocus(rng: np.random.Generator) -> None:
    white = rng.standard_normal((64, 1024), dtype=np.float32)

    def factor(optics: Optics, shape: tuple[int, int]) -> np.ndarray:
        return contrast_transfer(optics, shape, 6.0)

    image = filtered_across(white, OPTICS, 50.0, 6.0, factor)
    for column in (40, 333, 580, 983):
        defocus_A = float(defocus_across_A(OPTICS, 50.0, 1024, 6.0)[column])
        here = replace(OPTICS, defocus_u_A=defocus_A, defocus_v_A=defocus_A)
        exact = filtered_across(white, here, 0.0, 6.0, factor)
        error = image[:, column] - exact[:, column]
        assert error.std() < 0.06 * exact[:, column].std()


def test_flipping_makes_the_transfer_positive(rng: np.random.Generator) -> None:
    white = rng.standard_normal((96, 96), dtype=np.float32)

    def factor(optics: Optics, shape: tuple[int, int]) -> np.ndarray:
        return contrast_transfer(optics, shape, 6.0)

    for tilt_deg in (0.0, 50.0):
        image = filtered_across(white, OPTICS, tilt_deg, 6.0, factor)
        flipped = phase_flipped(image, OPTICS, tilt_deg, 6.0)
        # Correlation with the object, shell by shell: of both signs before, positive after.
        k = np.hypot(np.fft.fftfreq(96, 6.0)[:, None], np.fft.rfftfreq(96, 6.0)[None])
        shell = np.rint(k * 96 * 6.0).astype(int).ravel()
        agreement = [
            np.bincount(shell, (np.fft.rfft2(one) * np.fft.rfft2(white).conj()).real.ravel())[3:45]
            for one in (image, flipped)
        ]
        assert (agreement[0] < 0).mean() > 0.2
        assert (agreement[1] > 0).mean() > 0.97


def test_dose_fades_each_image_by_what_came_before() -> None:
    tilt = replace(PERFECT, dose_before_e_A2=60.0, dose_e_A2=3.0)
    k = np.fft.rfftfreq(64, 4.0)
    critical = critical_dose_e_A2(k.astype(np.float32), 300.0)
    doses = np.linspace(60.0, 63.0, 2001)
    expected = np.exp(-doses[:, None] / (2 * critical)).mean(axis=0)
    np.testing.assert_allclose(damage(tilt, (64, 64), 4.0)[0], expected, rtol=0.003)


def test_errors_are_as_large_as_asked_for(rng: np.random.Generator) -> None:
    settings = TiltSettings(optics=OPTICS, tilts_deg=(60.0,) * 800, dose_e_A2=80.0)
    tilts = draw_tilts(settings, rng)
    assert np.std([t.true_deg - t.stated_deg for t in tilts]) == pytest.approx(0.1, rel=0.1)
    assert np.std([t.axis_deg for t in tilts]) == pytest.approx(0.1, rel=0.1)
    shifts = np.array([t.shift_px for t in tilts])
    np.testing.assert_allclose(shifts.std(axis=0), 0.3 * (1 + 3**0.5 / 2), rtol=0.1)
    assert np.std([t.optics.defocus_u_A for t in tilts]) == pytest.approx(700, rel=0.1)
    assert all(t.optics.defocus_u_A == t.optics.defocus_v_A for t in tilts)
    np.testing.assert_allclose([t.dose_before_e_A2 for t in tilts], np.arange(800) * 0.1)


def test_misaligned_content_turns_from_x_to_y_and_shifts() -> None:
    volume = blob((1, 64, 64), 0.0, 31.5, 51.5)
    still, moved = modulations(
        volume, [PERFECT, replace(PERFECT, axis_deg=30.0, shift_px=(2.0, -3.0))], 10.0
    )
    start, end = (centroid(np.clip(-image, 0, None)) for image in (still, moved))
    np.testing.assert_allclose(start, (31.5, 51.5), atol=0.1)
    turned = (31.5 + 20 * np.sin(np.pi / 6), 31.5 + 20 * np.cos(np.pi / 6))
    np.testing.assert_allclose(end, (turned[0] - 3.0, turned[1] + 2.0), atol=0.1)


def test_protein_is_dark_and_weak_contrast_is_the_weak_phase_approximation() -> None:
    volume = blob((5, 64, 64), 2.0, 32.0, 32.0)
    image = modulations(volume, [PERFECT], 10.0)[0]
    assert image[32, 32] < 0
    phase_rad = volume.sum(axis=0) * 10.0 * 6.526e-4
    # Apart from the border the image is that of an endless field.
    transfer = contrast_transfer(OPTICS, (64, 64), 10.0)
    expected = np.fft.irfft2(np.fft.rfft2(phase_rad) * -2 * transfer)
    np.testing.assert_allclose(image, expected, atol=0.02 * np.abs(expected).max())


def test_counts_follow_dose_and_thickness(rng: np.random.Generator) -> None:
    settings = TiltSettings(
        optics=OPTICS, tilts_deg=(0.0, 60.0), detector=Detector(dqe_zero=0.8), ice_structure=0.0
    )
    tilts = [replace(PERFECT, true_deg=tilt_deg, dose_e_A2=3.0) for tilt_deg in (0.0, 60.0)]
    counts = counted(
        np.zeros((2, 60, 60), np.float32),
        tilts,
        settings,
        rng,
        voxel_size_A=10.0,
        thickness_A=1500.0,
    )
    for image, path_A in zip(counts, (1500.0, 3000.0), strict=True):
        expected = 300 * 0.8 * np.exp(-path_A / MEAN_FREE_PATH_A)
        assert image.mean() == pytest.approx(expected, rel=0.01)
        assert image.var() == pytest.approx(expected, rel=0.08)
