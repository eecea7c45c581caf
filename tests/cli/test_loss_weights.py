"""Weights of the loss on the command line."""

from typing import get_args

import pytest

from nunatak.cli import loss_weights, prune_options
from nunatak.errors import UsageError
from nunatak.objectives.two_branch import MultiLossWeights


def test_what_help_shows_is_the_default() -> None:
    option = get_args(prune_options.LossWeight)[1]
    shown = option.show_default.split(", ")
    assert len(shown) == len(MultiLossWeights.model_fields)
    assert loss_weights.parsed(shown) == loss_weights.parsed([]) == MultiLossWeights()


def test_a_term_is_weighed_once() -> None:
    with pytest.raises(UsageError, match="that of second was given before"):
        loss_weights.parsed(["second=1", "second=2"])
