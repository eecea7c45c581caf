"""How the addresses of the API get the parts that they work with."""

from typing import Annotated, cast

from fastapi import Depends, Request

from nunatak.server.parts import Services

__all__ = ["Parts", "Services"]


def services_of(request: Request) -> Services:
    """Return the parts of the server that got a request."""
    return cast("Services", request.app.state.services)


Parts = Annotated[Services, Depends(services_of)]
"""Annotation of a route's parameter that takes the server's parts."""
