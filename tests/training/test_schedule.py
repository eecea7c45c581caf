"""The learning rate of every step."""

import pytest
import torch

from nunatak.training.config import TrainingConfig
from nunatak.training.schedule import rates


@pytest.mark.parametrize("steps", [11, 40, 205])
def test_one_cycle_is_that_of_torch(steps: int) -> None:
    config = TrainingConfig(steps=steps, learning_rate=3e-3)
    adam = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    reference = torch.optim.lr_scheduler.OneCycleLR(adam, 3e-3, total_steps=steps, pct_start=0.1)
    for step in range(1, steps + 1):
        rate, beta_1 = rates(step, config)
        assert rate == pytest.approx(adam.param_groups[0]["lr"], rel=1e-6)
        assert beta_1 == pytest.approx(adam.param_groups[0]["betas"][0], rel=1e-6)
        adam.step()
        reference.step()


@pytest.mark.parametrize("schedule", ["one-cycle", "constant", "warmup-cosine"])
@pytest.mark.parametrize("steps", [1, 2, 9, 10, 300])
def test_every_step_learns_something_and_none_more_than_the_peak(schedule: str, steps: int) -> None:
    config = TrainingConfig.model_validate(
        {"steps": steps, "schedule": schedule, "learning_rate": 1e-3}
    )
    values = [rates(step, config).learning_rate for step in range(1, steps + 1)]
    assert all(0 < value <= 1e-3 for value in values)
    assert max(values) > (0.9e-3 if steps > 2 else 0)


def test_warm_up_rises_and_the_cosine_falls() -> None:
    config = TrainingConfig(steps=100, learning_rate=1.0, schedule="warmup-cosine")
    values = [rates(step, config).learning_rate for step in range(1, 101)]
    assert values.index(max(values)) == 4
    assert values[:5] == sorted(values[:5])
    assert values[4:] == sorted(values[4:], reverse=True)
    assert values[-1] < 1e-3
