"""Pictures of images: tiles, slices and thumbnails; always by the image's number."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Query, Response

from nunatak.server.bodies.base import Id, Problem, Responses
from nunatak.server.bodies.images import Plane, Pyramid, Slices
from nunatak.server.pictures import Picture
from nunatak.server.services import Parts

router = APIRouter(tags=["pictures"])

JPEG: Responses = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
_JPEG_OR_UNCHANGED: Responses = {**JPEG, 304: {"description": "Unchanged"}}
_OF_A_VERSION: Responses = {**_JPEG_OR_UNCHANGED, 409: {"model": Problem}}

Natural = Annotated[int, Path(ge=0, le=1_000_000)]
Version = Annotated[str | None, Query(alias="v", max_length=64)]
Known = Annotated[str | None, Header(alias="If-None-Match", max_length=1000)]

_FOR_GOOD = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, no-cache"

_CHANGED = "The file of this image has changed. It is read again now."


@router.get("/images/{image}/thumbnail", response_class=Response, responses=_JPEG_OR_UNCHANGED)
def read_thumbnail(
    image: Id, parts: Parts, version: Version = None, known: Known = None
) -> Response:
    """Return a small picture of a micrograph, or of a tomogram's middle slices."""
    return _answer(parts.pictures.thumbnail(image), version, known)


@router.get("/images/{image}/pyramid")
def read_pyramid(image: Id, parts: Parts) -> Pyramid:
    """Say how a micrograph is cut into tiles."""
    pyramid = parts.pictures.pyramid(image)
    if pyramid is None:
        raise HTTPException(404)
    return pyramid


@router.get(
    "/images/{image}/tiles/{level}/{row}/{column}",
    response_class=Response,
    responses=_OF_A_VERSION,
)
def read_tile(
    *,
    image: Id,
    level: Natural,
    row: Natural,
    column: Natural,
    parts: Parts,
    version: Version = None,
    known: Known = None,
) -> Response:
    """Return a tile of a micrograph, grey.

    ``v`` is the pyramid's ``version``, with which the picture may be kept for good; 409 says that
    the file has changed since.
    """
    picture = parts.pictures.tile(image, level, row, column)
    return _answer(_of_version(picture, version), version, known)


@router.get("/images/{image}/slices")
def read_slices(image: Id, parts: Parts) -> Slices:
    """Say how a tomogram is cut into slices."""
    slices = parts.pictures.slices(image)
    if slices is None:
        raise HTTPException(404)
    return slices


@router.get(
    "/images/{image}/slices/{plane}/{index}",
    response_class=Response,
    responses=_OF_A_VERSION,
)
def read_slice(
    *,
    image: Id,
    plane: Plane,
    index: Natural,
    parts: Parts,
    thickness: Annotated[int, Query(ge=1, le=101)] = 1,
    size: Annotated[int, Query(ge=0, le=10)] = 0,
    version: Version = None,
    known: Known = None,
) -> Response:
    """Return a slice of a tomogram, grey.

    ``index`` is that of the middle voxel along the plane's normal, ``thickness`` the number of
    voxels averaged, ``size`` that of the entry in ``scales``. The picture's first axis is the
    plane's second letter (``xz``: x runs to the right, z down; ``yz``: y to the right, z down).
    ``v`` is the ``version`` of the slices, with which the picture may be kept for good; 409 says
    that the file has changed since.
    """
    picture = parts.pictures.slice(image, plane, index, thickness=thickness, size=size)
    return _answer(_of_version(picture, version), version, known)


def _of_version(picture: Picture | None, version: str | None) -> Picture | None:
    # Pieces of two versions of an image would not fit together.
    if picture is not None and version not in (None, picture.version):
        raise HTTPException(409, _CHANGED)
    return picture


def _answer(picture: Picture | None, version: str | None, known: str | None) -> Response:
    if picture is None:
        raise HTTPException(404)
    tag = f'"{picture.version}"'
    keep = _FOR_GOOD if version == picture.version else _ASK_AGAIN
    headers = {"Cache-Control": keep, "ETag": tag}
    if known is not None and tag in known:
        return Response(status_code=304, headers=headers)
    return Response(picture.jpeg, media_type="image/jpeg", headers=headers)
