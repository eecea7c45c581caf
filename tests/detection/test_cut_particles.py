import numpy as np
import pytest
from scipy.special import expit, logit

from nunatak.detection.candidates import find_candidates
from nunatak.detection.cut_particles import CutPenalty
from nunatak.geometry import Scale


@pytest.mark.parametrize("distance", [0.0, 1.7, 4.0, 8.5, 9.9])
def test_the_share_beyond_the_edge_is_that_of_a_disc(distance: float) -> None:
    ny, nx, radius = 60, 80, 10.0
    rng = np.random.default_rng(0)
    offsets = rng.uniform(-radius, radius, (400_000, 2))
    offsets = offsets[np.hypot(*offsets.T) < radius]
    beyond = (offsets[:, 0] < -distance).mean()
    lost = CutPenalty(2 * radius, 3.0)
    middle = ny / 2 - 0.5
    for x, y in ((distance - 0.5, middle), (nx - 0.5 - distance, middle), (40, distance - 0.5)):
        assert lost.at([x], [y], (ny, nx))[0] == pytest.approx(3.0 * beyond, abs=0.01)


def test_a_whole_particle_loses_nothing_and_a_corner_counts_both_edges() -> None:
    lost = CutPenalty(20.0, 4.0)
    assert lost.at([9.5, 50.0], [9.5, 30.0], (60, 80)).tolist() == [0.0, 0.0]
    once, twice = lost.at([4.5, 4.5], [30.0, 4.5], (60, 80))
    assert twice == pytest.approx(2 * once)
    assert lost.at([-0.5], [-0.5], (60, 80))[0] == pytest.approx(4.0)


def test_cut_candidates_score_less_and_leave_at_the_floor() -> None:
    logits = np.full((1, 40, 40), -9.0, np.float32)
    for column, row, value in ((20, 20, 2.0), (2, 20, 2.0), (20, 1, 0.0)):
        logits[0, row, column] = value
    found = {
        cut: find_candidates(
            logits,
            Scale((160, 160), (80, 80)),
            stride=2,
            origin_px=0.5,
            floor=0.3,
            min_distance_px=4.0,
            cut=None if cut is None else CutPenalty(20.0, cut),
        )
        for cut in (None, 4.0)
    }
    assert found[None].score.tolist() == pytest.approx(expit([2.0, 2.0, 0.0]), abs=1e-5)
    lost = CutPenalty(20.0, 4.0).at([4.5], [40.5], (80, 80))[0]
    assert found[4.0].score.tolist() == pytest.approx(expit([2.0, 2.0 - lost]), abs=1e-5)
    assert found[4.0].score.min() > 0.3
    assert lost == pytest.approx(2.0 - logit(found[4.0].score[1]), abs=1e-3)
