from typing import get_args

import pytest
import torch

from nunatak.learning.settings import ObjectiveName as SettingName
from nunatak.objectives.priors import ObjectiveName
from nunatak.objectives.registry import OBJECTIVES
from nunatak.objectives.score_map import ScoreMapLabels


def test_names_are_those_of_the_settings() -> None:
    assert tuple(OBJECTIVES) == get_args(ObjectiveName) == get_args(SettingName)
    for name, objective in OBJECTIVES.items():
        assert objective.name == name
        assert "arXiv" in objective.source
    assert [name for name, objective in OBJECTIVES.items() if not objective.needs_prior] == ["pn"]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_tells_a_good_classifier_from_its_opposite(name: str) -> None:
    on_patches = OBJECTIVES[name].on_patches
    positive = torch.full((4,), 3.0)
    unlabelled = torch.tensor([3.0] * 3 + [-3.0] * 27)
    good = on_patches(positive, unlabelled, 0.1)
    assert good.shape == ()
    assert good < on_patches(-positive, unlabelled, 0.1)
    assert good < on_patches(positive, -unlabelled, 0.1)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_takes_score_maps(name: str) -> None:
    on_score_maps = OBJECTIVES[name].on_score_maps
    target = torch.zeros(2, 1, 16, 16)
    target[0, 0, 4, 4] = 1.0
    known = target > 0
    case = ScoreMapLabels(target, known, torch.zeros_like(known), torch.tensor(2.0))
    logits = torch.full((2, 1, 16, 16), -5.0)
    for y, x in ((4, 4), (12, 12)):
        logits[:, 0, y, x] = 4.0
    good = on_score_maps(logits, case, cell_px=4)
    assert good.shape == ()
    assert good < on_score_maps(-logits, case, cell_px=4)
