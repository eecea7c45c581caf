import math

import pytest
import torch

from nunatak.objectives.score_map import ScoreMapLabels
from nunatak.objectives.score_map_pn import pn_on_score_maps


def test_unlabelled_places_are_background() -> None:
    target = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])
    known = torch.tensor([[[[True, False, False, True]]]])
    ignored = torch.tensor([[[[False, False, True, False]]]])
    logits = torch.tensor([[[[0.0, 0.5, 7.0, -1.0]]]])
    p = torch.sigmoid(logits).flatten().tolist()
    expected = 0.25 * math.log(2)
    expected -= p[1] ** 2 * math.log(1 - p[1]) + p[3] ** 2 * math.log(1 - p[3])
    case = ScoreMapLabels(target, known, ignored, torch.tensor(5.0))
    assert pn_on_score_maps(logits, case).item() == pytest.approx(expected, rel=1e-5)
    none = ScoreMapLabels(target * 0, known, ignored, torch.tensor(5.0))
    assert math.isfinite(pn_on_score_maps(logits, none).item())
