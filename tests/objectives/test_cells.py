import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nunatak.objectives.cells import CELL_DIAMETERS, cell_peaks, cell_side
from nunatak.objectives.heatmap import peak_targets

DIAMETER = 10
"""Of a particle, score-map pixels."""


def by_loops(logits: torch.Tensor, unlabelled: torch.Tensor, cell: int) -> list[float]:
    peaks = []
    for image, free in zip(logits[:, 0], unlabelled[:, 0], strict=True):
        height, width = image.shape
        for top in range(0, height, cell):
            for left in range(0, width, cell):
                best, area = -50.0, 0
                for y in range(top, min(top + cell, height)):
                    for x in range(left, min(left + cell, width)):
                        around = image[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
                        area += int(free[y, x])
                        if free[y, x] and image[y, x] == around.max():
                            best = max(best, image[y, x].item())
                if area >= cell**2 / 2:
                    peaks.append(best)
    return peaks


@pytest.mark.parametrize("cell", [1, 3, 4, 20])
def test_against_loops(cell: int) -> None:
    generator = torch.Generator().manual_seed(cell)
    logits = torch.randn(2, 1, 11, 14, generator=generator)
    unlabelled = torch.rand(2, 1, 11, 14, generator=generator) < 0.6
    found = cell_peaks(logits, unlabelled, cell_px=cell)
    assert found.logits.tolist() == pytest.approx(by_loops(logits, unlabelled, cell))


@pytest.mark.parametrize("cell", [1, 3])
def test_cells_of_a_volume_against_those_of_its_slices(cell: int) -> None:
    generator = torch.Generator().manual_seed(cell)
    flat = torch.randn(2, 1, 7, 8, generator=generator)
    # Slices are the same, so that peaks of the volume are those of the plane.
    logits = flat[:, :, None].repeat(1, 1, 2 * cell, 1, 1)
    unlabelled = torch.rand(2, 1, 7, 8, generator=generator) < 0.6
    everywhere = unlabelled[:, :, None].repeat(1, 1, 2 * cell, 1, 1)
    found = cell_peaks(logits, everywhere, cell_px=cell)
    planar = cell_peaks(flat, unlabelled, cell_px=cell)
    assert sorted(found.logits.tolist()) == sorted(2 * planar.logits.tolist())
    assert found.covered.item() == pytest.approx(planar.covered.item())


def test_covered_share_is_that_of_the_kept_cells() -> None:
    unlabelled = torch.zeros(1, 1, 4, 8, dtype=torch.bool)
    unlabelled[..., :4] = True  # a whole cell
    unlabelled[..., 0, 4:] = True  # a quarter of the next
    found = cell_peaks(torch.zeros(1, 1, 4, 8), unlabelled, cell_px=4)
    assert found.logits.shape == (1,)
    assert found.covered.item() == pytest.approx(16 / 20)


def test_the_flank_of_a_labelled_particle_is_no_peak() -> None:
    logits = 10 * peak_targets(torch.tensor([[5.0, 5.0]]), shape=(12, 12), stride=1, sigma_px=2.0)
    unlabelled = torch.ones(1, 1, 12, 12, dtype=torch.bool)
    unlabelled[..., 4:7, 4:7] = False
    found = cell_peaks(logits[None, None], unlabelled, cell_px=12)
    assert found.logits.tolist() == [-50.0]


def test_gradient_reaches_the_best_peak_of_each_cell_alone() -> None:
    logits = torch.tensor([[[[0.0, 2.0, 0.0, 1.0, 0.0, 3.0]]]], requires_grad=True)
    unlabelled = torch.ones(1, 1, 1, 6, dtype=torch.bool)
    cell_peaks(logits, unlabelled, cell_px=1).logits.sum().backward()
    assert logits.grad is not None
    assert logits.grad.flatten().tolist() == [0, 1, 0, 1, 0, 1]


def test_nothing_unlabelled_no_cells() -> None:
    found = cell_peaks(
        torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4, dtype=torch.bool), cell_px=2
    )
    assert found.logits.shape == (0,)
    assert found.covered.item() == 0.0


def test_recommended_side() -> None:
    assert cell_side(20.0, stride=2) == 7
    assert cell_side(1.0, stride=4) == 1


def hard_core_points(
    side: float, intensity: float, core: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Throw points one by one into a square, not nearer than ``core`` to any before."""
    points = np.empty((0, 2))
    while len(points) < intensity * side**2:
        candidate = rng.random(2) * side
        if not len(points) or ((points - candidate) ** 2).sum(axis=1).min() >= core**2:
            points = np.vstack([points, candidate])
    return points


@pytest.mark.parametrize("core", [0.4, 0.7, 1.0])
@pytest.mark.parametrize("density", [0.1, 0.3])
def test_occupied_cells_are_binomial_where_pixels_are_not(core: float, density: float) -> None:
    """``core`` in diameters, ``density`` in particles per squared diameter."""
    rng = np.random.default_rng(round(100 * core + 1000 * density))
    cell, window = cell_side(DIAMETER, stride=1), 49
    points = hard_core_points(40.0 * DIAMETER, density / DIAMETER**2, core * DIAMETER, rng)
    particles, cells, pixels = [], [], []
    for _ in range(400):
        corner = rng.uniform(0, 40 * DIAMETER - window, size=2)
        seen = points[((points >= corner) & (points < corner + window)).all(axis=1)] - corner - 0.5
        probability = peak_targets(
            torch.from_numpy(seen).float(), shape=(window, window), stride=1, sigma_px=1.2
        )
        everywhere = torch.ones(1, 1, window, window, dtype=torch.bool)
        peaks = cell_peaks(torch.logit(probability, 1e-6)[None, None], everywhere, cell_px=cell)
        particles.append(len(seen))
        cells.append((peaks.logits > 0).sum().item())
        pixels.append((probability > 0.5).sum().item())
    expected = np.mean(particles)
    prior = expected / (window / cell) ** 2
    # Two particles in one cell are rare.
    assert 0.95 * expected < np.mean(cells) <= expected
    assert np.var(cells) < 1.15 * expected * (1 - prior)
    # A particle is a few pixels or none: their number is far wider than a binomial.
    pixel_rate = np.mean(pixels) / window**2
    assert np.var(pixels) > 1.5 * np.mean(pixels) * (1 - pixel_rate)


def test_side_is_the_one_at_which_the_smallest_core_scatters_like_a_binomial() -> None:
    assert pytest.approx(0.4 * np.sqrt(np.pi), abs=0.02) == CELL_DIAMETERS[2]
    assert pytest.approx(0.4 * np.cbrt(4 / 3 * np.pi), abs=0.02) == CELL_DIAMETERS[3]
