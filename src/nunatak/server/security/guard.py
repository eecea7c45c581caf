"""Stands before the application and lets in what may come in."""

import logging
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nunatak.server.problems import problem
from nunatak.server.security.access import Access
from nunatak.server.security.body import BodyRefused, whole_body
from nunatak.server.security.flood import Flooded, PictureGate
from nunatak.server.security.headers import protected
from nunatak.server.security.origin import SAFE_METHODS, foreign_problem, host_problem
from nunatak.server.security.refusals import OTHER_PROJECT, let_in, locked

_log = logging.getLogger(__name__)

PROJECT_HEADER = "Nunatak-Project"
"""In requests of a page that has read its project: the project's id.

A browser sends the cookies of a server at one port also from pages of an earlier one there: what
is still to be saved of another project must not end up in this one.
"""

_TOO_MANY = "The server is busy making other pictures. This one comes a little later."


class Guard:
    """Middleware: checks the host, the token, the origin and the body of each request.

    Parameters
    ----------
    app
        What is guarded.
    access
        Who may come in.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._gate = PictureGate()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._answer(scope, receive, protected(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path, method = scope["path"], scope["method"]
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            if method not in SAFE_METHODS:
                receive = await whole_body(path, headers, receive)
            async with self._gate.passing(path):
                await self._app(scope, receive, send)
        except BodyRefused as refused:
            await problem(refused.status, refused.message)(scope, receive, send)
        except Flooded:
            await problem(503, _TOO_MANY)(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody is left to be answered
        except Exception as error:
            # The application has answered already, or broken off in the middle of its answer.
            _log.error("%s %s", method, path, exc_info=error)
            raise

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        path, method = scope["path"], scope["method"]
        wrong_host = host_problem(headers, self._access)
        if wrong_host is not None:
            return problem(400, wrong_host)
        token = _token(scope)
        if path == "/" and method in SAFE_METHODS and token is not None:
            if not self._access.accepts_token(token):
                return locked(path)
            return let_in(self._access, headers.get("sec-fetch-site"))
        cookies = cookie_parser(headers.get("cookie", ""))
        if not self._access.accepts_cookie(cookies.get(self._access.cookie_name)):
            return locked(path)
        return self._foreign(path, method, headers)

    def _foreign(self, path: str, method: str, headers: Headers) -> Response | None:
        """Refuse what another page asks for, with the cookie of ours."""
        if not self._access.accepts_project(headers.get(PROJECT_HEADER)):
            return problem(401, OTHER_PROJECT)
        if path.startswith("/api/") or method not in SAFE_METHODS:
            foreign = foreign_problem(method, headers)
            if foreign is not None:
                return problem(403, foreign)
        return None


def _token(scope: Scope) -> str | None:
    values = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    tokens = values.get("token")
    return tokens[0] if tokens else None
