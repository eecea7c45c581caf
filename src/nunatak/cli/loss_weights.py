"""Weights of a loss as ``TERM=NUMBER``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nunatak.errors import UsageError

if TYPE_CHECKING:
    from nunatak.objectives.two_branch import MultiLossWeights

OPTION = "--loss-weight"


def parsed(texts: Sequence[str]) -> "MultiLossWeights":
    """Read the values of ``--loss-weight``.

    Parameters
    ----------
    texts
        As the user typed them; terms that are not named keep their weights.

    Raises
    ------
    UsageError
        If a term is unknown or named twice, or its weight is no number that it can have.

    Examples
    --------
    >>> parsed(["contrastive=0.4"]).contrastive
    0.4
    """
    from pydantic import ValidationError

    from nunatak.objectives.two_branch import MultiLossWeights

    weights: dict[str, str] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in MultiLossWeights.model_fields:
            terms = ", ".join(MultiLossWeights.model_fields)
            raise UsageError(f"{OPTION} {text}: give TERM=NUMBER, where the terms are {terms}.")
        if name in weights:
            raise UsageError(f"{OPTION} {text}: that of {name} was given before.")
        weights[name] = number
    try:
        return MultiLossWeights.model_validate(weights)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise UsageError(f"{OPTION} {name}={weights[name]}: {first['msg']}.") from error
