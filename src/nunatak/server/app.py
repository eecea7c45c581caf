"""The server's application."""

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from nunatak import __version__
from nunatak.server.page_files import PageFiles
from nunatak.server.parts import Services
from nunatak.server.problems import answer_problems
from nunatak.server.routes.api import PREFIX, api_router
from nunatak.server.security.access import Access
from nunatak.server.security.guard import Guard

_LEAST_BYTES_COMPRESSED = 1_000
_COMPRESSION_LEVEL = 5
"""A large answer's time to be compressed and sent is least about here."""


def create_api() -> FastAPI:
    """Return the API alone, without the parts that it works with."""
    app = FastAPI(
        title="nunatak", version=__version__, openapi_url=None, docs_url=None, redoc_url=None
    )
    app.include_router(api_router())
    answer_problems(app)
    return app


def create_app(
    services: Services,
    access: Access,
    *,
    page: PageFiles | None = None,
    api: FastAPI | None = None,
) -> Guard:
    """Return the application: the page and the API, and who guards them.

    Parameters
    ----------
    services
        The parts it works with.
    access
        Who may use it, and under which addresses.
    page
        What the browser gets; None takes the page that is shipped.
    api
        From `create_api`; None makes one.
    """
    api = api or create_api()
    api.state.services = services
    compressing = GZipMiddleware(
        api, minimum_size=_LEAST_BYTES_COMPRESSED, compresslevel=_COMPRESSION_LEVEL
    )
    return Guard((page or PageFiles.shipped()).beside(PREFIX, compressing), access)
