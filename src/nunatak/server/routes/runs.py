"""Picking, training and pruning."""

from typing import Annotated

from fastapi import APIRouter, Body

from nunatak.server.bodies.base import Id, Problem, Responses
from nunatak.server.bodies.runs import Run, RunAsked, Runs
from nunatak.server.services import Parts

router = APIRouter(tags=["runs"])

REFUSED: Responses = {409: {"model": Problem}}


@router.get("/runs")
def read_runs(parts: Parts) -> Runs:
    """Return all runs."""
    return Runs(runs=parts.runs.runs())


@router.post("/runs", status_code=201, responses=REFUSED)
def start_run(asked: Annotated[RunAsked, Body()], parts: Parts) -> Run:
    """Start a run; 409 says what is missing (labels, a diameter) or that one trains already."""
    return parts.runs.add(asked, user=parts.user)


@router.post("/runs/{run}/stop")
def stop_run(run: Id, parts: Parts) -> Run:
    """Ask a run to stop; what it finished is kept."""
    return parts.runs.stop(run)


@router.post("/runs/{run}/continue", responses=REFUSED)
def continue_run(run: Id, parts: Parts) -> Run:
    """Let a training that failed or was stopped go on from where it was; 409 says why not."""
    return parts.runs.go_on(run)


@router.get("/runs/{run}/log", response_model=str)
def read_log(run: Id, parts: Parts) -> str:
    """Return the end of what the run said, at most 64 KB."""
    return parts.runs.log(run)
