"""What all bodies share."""

from typing import Annotated, Any

from pydantic import Field

from nunatak.workspace.base import Identifier, Model, Name

__all__ = [
    "Body",
    "Id",
    "Identifier",
    "Name",
    "Problem",
    "Responses",
]


class Body(Model):
    """A request or an answer; unknown attributes are refused."""


Id = Annotated[int, Field(ge=0, le=2**53)]
"""Number of an image, a set of picks or a run in an address; no larger than any program holds."""


Responses = dict[int | str, dict[str, Any]]
"""What an address may answer besides what its function returns, by status."""


class Problem(Body):
    """The answer where something is wrong.

    Attributes
    ----------
    message : str
        What is wrong, and what to do: a sentence for the user.
    """

    message: str
