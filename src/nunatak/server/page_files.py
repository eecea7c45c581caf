"""The built page, held in memory: what is asked for is never sought on the disk."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nunatak.server.problems import problem

FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"

_HASHED = "assets/"
"""Below this, the name of a file changes with its content."""

_MEDIA_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".woff2": "font/woff2",
}
"""Own, because the machine's table differs from machine to machine."""

_FOR_EVER = "private, max-age=31536000, immutable"
_NOT_BUILT = (
    "The page of nunatak is not in this installation. Install a released version, or build the "
    "page: run 'npm ci' and 'npm run build' in the folder web."
)


@dataclass(frozen=True)
class PageFile:
    """A file of the page.

    Attributes
    ----------
    content, compressed : bytes
    media_type : str
    caching : str
        How long browsers may keep it.
    """

    content: bytes
    compressed: bytes
    media_type: str
    caching: str


class PageFiles:
    """Application that serves the page.

    Parameters
    ----------
    files
        By path, without a slash in front.
    """

    def __init__(self, files: Mapping[str, PageFile]) -> None:
        self._files = files

    @classmethod
    def shipped(cls) -> "PageFiles":
        """Return the page that comes with the package."""
        return cls.read(FOLDER)

    @classmethod
    def read(cls, folder: Path) -> "PageFiles":
        """Return the page in a folder, with all files that lie in it now."""
        paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        return cls({path.relative_to(folder).as_posix(): _read(path, folder) for path in paths})

    def beside(self, prefix: str, other: ASGIApp) -> ASGIApp:
        """Return an application that gives all below a prefix to another, and serves the rest."""

        async def either(scope: Scope, receive: Receive, send: Send) -> None:
            is_other = scope["path"].startswith(f"{prefix}/")
            await (other if is_other else self)(scope, receive, send)

        return either

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        answer = self._answer(scope)
        await answer(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return problem(405, "The page can only be read.")
        name = scope["path"].removeprefix("/") or INDEX
        file = self._files.get(name)
        if file is None:
            if name == INDEX:
                return problem(503, _NOT_BUILT)
            return problem(404, "There is nothing at this address.")
        headers = {"Cache-Control": file.caching, "Vary": "Accept-Encoding"}
        content = file.content
        if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            content = file.compressed
        return Response(content, headers=headers, media_type=file.media_type)


def _read(path: Path, folder: Path) -> PageFile:
    content = path.read_bytes()
    kind = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    is_hashed = path.relative_to(folder).as_posix().startswith(_HASHED)
    return PageFile(
        content,
        gzip.compress(content, mtime=0),
        kind,
        _FOR_EVER if is_hashed else "no-store",
    )
