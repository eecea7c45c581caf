"""What all records of a project are made of."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A value that is checked when it is made and never changes; unknown attributes are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""Made by whoever asks for a change, so that sending the same twice does it once."""

LONGEST_NAME = 80
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Angstrom = Annotated[float, Field(gt=0.0, le=100_000.0)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]

FARTHEST_PX = 1e6
Coordinate = Annotated[float, Field(ge=-FARTHEST_PX, le=FARTHEST_PX)]
"""Pixels of the stored image; the centre of the first pixel is 0."""


def now() -> str:
    """Return the time as every record has it: ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
