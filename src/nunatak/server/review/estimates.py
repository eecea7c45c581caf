"""What is estimated of candidates: how likely they are right."""

from dataclasses import dataclass

from nunatak.server.review.columns import FloatArray


@dataclass(frozen=True)
class Probabilities:
    """How likely each candidate is right.

    Attributes
    ----------
    value, low, high : ndarray, shape (n,), float64
        Of each candidate; the bounds hold for all of them together.
    source : str
        What they rest on, in words.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    source: str


@dataclass(frozen=True)
class Estimate:
    """A precision and its interval of 95 %; without bounds where nobody knows them."""

    value: float
    low: float | None
    high: float | None
