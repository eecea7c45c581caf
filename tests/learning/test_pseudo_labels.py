"""A teacher adds to the labels, and never contradicts them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from nunatak.learning.pseudo_labels import PseudoLabelling, propose
from nunatak.objectives.score_map import ScoreMapLabels

SIDE = 40
HOW = PseudoLabelling(particle_share=0.5, empty_factor=2.0, least=0.2, disc_px=4)


def logits_of(*peaks: tuple[int, int, float]) -> Tensor:
    """Return a score map with bumps of the given probabilities at (x, y)."""
    grid = torch.arange(SIDE).float()
    best = torch.full((SIDE, SIDE), 0.01)
    for x, y, probability in peaks:
        squared = (grid[:, None] - y) ** 2 + (grid[None, :] - x) ** 2
        best = torch.maximum(best, probability * torch.exp(-squared / 6.0))
    return torch.logit(best)[None, None]


def nothing_known(expected: float) -> ScoreMapLabels:
    empty = torch.zeros(1, 1, SIDE, SIDE)
    return ScoreMapLabels(empty, empty > 0, empty > 0, torch.tensor(expected))


def proposed(logits: Tensor, labels: ScoreMapLabels, how: PseudoLabelling = HOW) -> ScoreMapLabels:
    return propose(logits, labels, how, stride=2, origin_px=0.5, sigma_px=2.4)


def peaks_of(labels: ScoreMapLabels) -> set[tuple[int, int]]:
    return {(int(x), int(y)) for y, x in (labels.target[0, 0] == 1.0).nonzero()}


FOUR = ((8, 8, 0.95), (30, 8, 0.8), (8, 30, 0.6), (30, 30, 0.4))


def test_the_best_peaks_become_particles_and_fewer_are_expected() -> None:
    labels = proposed(logits_of(*FOUR), nothing_known(4.0))
    assert peaks_of(labels) == {(8, 8), (30, 8)}
    assert labels.expected == pytest.approx(2.0)
    assert labels.count == 2
    assert labels.known[0, 0, 8, 8]
    assert labels.known[0, 0, 8 + 4, 8]


def test_peaks_beyond_the_expected_number_and_what_is_below_are_empty() -> None:
    labels = proposed(logits_of(*FOUR), nothing_known(1.5))
    # 0.5 x 1.5 rounds to one particle; the third peak and everything lower is empty.
    assert peaks_of(labels) == {(8, 8)}
    assert not labels.known[0, 0, 8, 30], "may be a particle or not"
    assert not labels.known[0, 0, 30, 8]
    assert labels.known[0, 0, 30, 30]
    assert labels.known[0, 0, 20, 20]
    assert labels.target[0, 0, 30, 30] == 0.0


def test_what_is_known_is_never_overruled() -> None:
    labels = nothing_known(4.0)
    labels.known[0, 0, :16, :16] = True  # known to be empty, whatever the teacher sees at (8, 8)
    labels.target[0, 0, 30, 30] = 1.0
    labels.known[0, 0, 27:34, 27:34] = True
    labels.ignored[0, 0, :12, 24:] = True  # hides the peak at (30, 8)
    after = proposed(logits_of(*FOUR), labels)
    assert torch.equal(after.target[labels.known], labels.target[labels.known])
    assert after.known[labels.known].all()
    assert torch.equal(after.ignored, labels.ignored)
    assert not after.known[labels.ignored].any()
    assert peaks_of(after) == {(8, 30), (30, 30)}
    assert after.expected == pytest.approx(3.0)


def test_equal_neighbours_are_one_particle() -> None:
    """Scores of low precision are often equal: a flat top counts once."""
    logits = logits_of((8, 8, 0.9)).bfloat16()
    logits[0, 0, 8:10, 8:10] = logits[0, 0, 8, 8]
    labels = proposed(logits, nothing_known(2.0))
    assert peaks_of(labels) == {(8, 8)}
    assert labels.expected == pytest.approx(1.0)


def test_a_doubtful_peak_is_no_particle() -> None:
    labels = proposed(logits_of((8, 8, 0.15)), nothing_known(4.0))
    assert peaks_of(labels) == set()
    assert labels.expected == pytest.approx(4.0)


def test_without_an_expected_particle_everything_is_empty() -> None:
    labels = proposed(logits_of((8, 8, 1.0)), nothing_known(0.0))
    assert labels.known.all()
    assert labels.target.max() == 0.0
    assert labels.expected == 0.0


def test_a_fraction_of_a_particle_leaves_the_best_peak_open() -> None:
    labels = proposed(logits_of(*FOUR), nothing_known(0.2))
    assert peaks_of(labels) == set()
    assert not labels.known[0, 0, 8, 8]
    assert labels.known[0, 0, 8, 30]


def test_with_few_peaks_nothing_is_called_empty() -> None:
    labels = proposed(logits_of((8, 8, 0.9)), nothing_known(10.0))
    assert not labels.known[0, 0, 30, 30]
    assert peaks_of(labels) == {(8, 8)}


def test_every_crop_has_its_own_targets() -> None:
    logits = torch.cat([logits_of((8, 8, 0.9)), logits_of((30, 30, 0.9))])
    labels = nothing_known(4.0)
    both = replace(
        labels,
        **{name: torch.cat([getattr(labels, name)] * 2) for name in ("target", "known", "ignored")},
    )
    after = proposed(logits, both)
    assert after.target[0, 0, 8, 8] == 1.0
    assert after.target[1, 0, 30, 30] == 1.0
    assert after.target[1, 0, 8, 8] == 0.0
    assert after.count == 2
