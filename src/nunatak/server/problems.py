"""Errors as answers: a status, and a sentence for the user."""

import logging
from collections.abc import Sequence
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from nunatak.errors import BadInput, Interrupted, Mismatch, NunatakError, ResourceError, UsageError
from nunatak.files import encodable
from nunatak.server.bodies.base import Problem
from nunatak.workspace.errors import DamagedProject, NotFound

_STATUSES: tuple[tuple[type[NunatakError], int], ...] = (
    (NotFound, 404),
    (DamagedProject, 503),  # the page keeps its edits until the project is restored
    (Mismatch, 409),
    (BadInput, 422),
    (UsageError, 422),
    (ResourceError, 503),
    (Interrupted, 503),
)
"""The first fitting class tells the status."""

_WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not take requests of this kind.",
}

_SECONDS_TO_WAIT = "1"
_MOST_PROBLEMS_NAMED = 3

_log = logging.getLogger(__name__)


def problem(status: int, message: str) -> JSONResponse:
    """Return an answer that says what is wrong, and what to do."""
    headers = {"Retry-After": _SECONDS_TO_WAIT} if status == 503 else None
    content = Problem(message=encodable(message)).model_dump()
    return JSONResponse(content, status, headers)


def status_of(error: NunatakError) -> int:
    """Return the HTTP status that fits an error."""
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status
    return 500


def answer_problems(app: FastAPI) -> None:
    """Make an application answer every error as a `Problem`."""
    app.add_exception_handler(NunatakError, _nunatak_error)
    app.add_exception_handler(RequestValidationError, _not_as_described)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def _nunatak_error(request: Request, error: Exception) -> JSONResponse:
    status = status_of(cast("NunatakError", error))
    if status >= 500:
        _log.warning("%s %s: %s", request.method, request.url.path, error)
    return problem(status, str(error))


def _not_as_described(_request: Request, error: Exception) -> JSONResponse:
    return problem(422, _in_words(cast("RequestValidationError", error).errors()))


def _in_words(faults: Sequence[Any]) -> str:
    named = [f"{_place(fault['loc'])}: {fault['msg']}" for fault in faults[:_MOST_PROBLEMS_NAMED]]
    more = len(faults) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "") + "."


def _place(location: Sequence[str | int]) -> str:
    """Return where in a request something is wrong, as ``operations.0.point.x``."""
    inner = location[1:] or location
    return ".".join(map(str, inner))


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    refusal = cast("HTTPException", error)
    status = refusal.status_code
    answer = problem(status, _WORDS.get(status, refusal.detail))
    answer.headers.update(refusal.headers or {})
    return answer


def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
    # What happened is in the log; the page is told nothing of the program's inner life.
    return problem(
        500,
        "Something went wrong inside nunatak; what was saved is safe. The terminal in which "
        "'nunatak label' runs says more. Please report it.",
    )
