"""Labels and picks as files."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Body, Query, Response

from nunatak.server.bodies.base import Id, Responses
from nunatak.server.bodies.labels import ImportCounts
from nunatak.server.bodies.transfer import ExportFormat
from nunatak.server.services import Parts
from nunatak.workspace.project import settings_of

if TYPE_CHECKING:
    from nunatak.server.transfer.export import ExportedFile

# Reading and writing tables takes a second to load, for which the first picture must not wait:
# what the functions below need of it they import themselves.

router = APIRouter(tags=["files"])

FILE: Responses = {
    200: {
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
Format = Annotated[str | None, Query(pattern=r"^[a-z0-9-]{1,40}$")]


@router.get("/export/labels", response_class=Response, responses=FILE)
def export_labels(
    parts: Parts, file_format: Format = None, which: Literal["all", "particles"] = "all"
) -> Response:
    """Return labels as a file; None is the usual format.

    Where a format has no column that says which places are no particle, they are left out.
    """
    from nunatak.server.transfer.export import exported_labels  # noqa: PLC0415

    only = which == "particles"
    return _saved(exported_labels(parts.workspace, file_format, particles_only=only))


@router.get("/export/picks", response_class=Response, responses=FILE)
def export_picks(
    parts: Parts,
    pick_set: Annotated[Id, Query()],
    file_format: Format = None,
    which: Literal["selected", "kept", "all"] = "selected",
) -> Response:
    """Return a set's picks as a file; ``kept`` leaves out what people or a pruning rejected.

    Also what a pruning left out, which no person keeps.
    """
    from nunatak.server.transfer.export import exported  # noqa: PLC0415
    from nunatak.workspace.exchange import picks_as_table  # noqa: PLC0415

    picks = picks_as_table(parts.workspace, pick_set, which)
    return _saved(exported(parts.workspace, picks, f"picks-{pick_set}", file_format))


@router.get("/export/formats")
def read_formats(parts: Parts) -> list[ExportFormat]:
    """Return the formats that the project's picks can be written in, the usual one first."""
    from nunatak.server.transfer.export import formats_for  # noqa: PLC0415
    from nunatak.server.transfer.tilt_series import has_tilt_series  # noqa: PLC0415

    ndim = settings_of(parts.workspace).ndim
    return formats_for(ndim, has_tilt_series=has_tilt_series(parts.workspace))


@router.post("/import/labels")
def import_labels(
    parts: Parts,
    content: Annotated[bytes, Body(media_type="application/octet-stream")],
    file_name: Annotated[str, Query(min_length=1, max_length=255)],
) -> ImportCounts:
    """Add the picks in a file, in any pick format or packed as ZIP, to the labels.

    The body is the file.
    """
    from nunatak.server.transfer.imports import import_file  # noqa: PLC0415

    return import_file(parts.workspace, file_name, content, parts.user)


def _saved(file: "ExportedFile") -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, headers=headers, media_type=file.media_type)
