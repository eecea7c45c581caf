"""The whole API, put together."""

from fastapi import APIRouter

from nunatak.server.bodies.base import Problem, Responses
from nunatak.server.routes import (
    events,
    images,
    labels,
    pick_sets,
    pictures,
    project,
    reviews,
    runs,
    transfer,
)

PREFIX = "/api"

_PROBLEMS: Responses = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 413, 415, 422, 503)
}
"""What every address may answer: the guard and the workspace stand before and behind them all."""


def api_router() -> APIRouter:
    """Return the router of all addresses under ``/api``."""
    router = APIRouter(prefix=PREFIX, responses=_PROBLEMS)
    for module in (project, images, pictures, labels, pick_sets, reviews, runs, transfer, events):
        router.include_router(module.router)
    return router
