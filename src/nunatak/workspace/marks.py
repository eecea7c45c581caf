"""What people say of an image: points, regions, and edits of them."""

from typing import Annotated, Literal

from pydantic import Field

from nunatak.workspace.base import Coordinate, Identifier, Model, Name

Kind = Literal["particle", "not_particle"]
RegionKind = Literal["exclude", "complete"]


class Point(Model):
    """A labelled place.

    Attributes
    ----------
    id : str
    kind : str
        ``particle``, or ``not_particle`` for a place that is none.
    x, y, z : float
        Position; z is None on micrographs.
    class_name : str
        Of a particle: its class. Of none: what it is instead, such as ``ice``, or ``junk``.
    by, at : str
        Who set it and when (ISO 8601, UTC); None in a request.
    """

    id: Identifier
    kind: Kind
    x: Coordinate
    y: Coordinate
    z: Coordinate | None = None
    class_name: Name
    by: str | None = None
    at: str | None = None


Corner = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]
Outline = Annotated[list[Corner], Field(min_length=3, max_length=2000)]


class Region(Model):
    """A part of an image.

    Attributes
    ----------
    id : str
    kind : str
        ``exclude`` for carbon and ice, where nothing is picked or learned; ``complete`` where
        every particle is labelled.
    outline : list of list of float
        Polygon of ``[x, y]``, at least three corners, not closed.
    z_low, z_high : float or None
        Of a tomogram: from which to which slice; None on micrographs.
    by, at : str or None
        As of `Point`.
    """

    id: Identifier
    kind: RegionKind
    outline: Outline
    z_low: Coordinate | None = None
    z_high: Coordinate | None = None
    by: str | None = None
    at: str | None = None


class PutPoint(Model):
    """Add a point, or replace the one of that id."""

    operation: Literal["put_point"]
    point: Point


class PutRegion(Model):
    """Add a region, or replace the one of that id."""

    operation: Literal["put_region"]
    region: Region


class Remove(Model):
    """Take points and regions away; ids that are gone already are no error."""

    operation: Literal["remove"]
    ids: Annotated[list[Identifier], Field(min_length=1, max_length=100_000)]


Operation = Annotated[PutPoint | PutRegion | Remove, Field(discriminator="operation")]


class Edit(Model):
    """Changes that a person made to one image at once: all of them are saved, or none.

    Attributes
    ----------
    id : str
        The same edit sent again changes nothing.
    base_version : int
        Of the image's labels, that the person saw.
    operations : list
        In order.
    """

    id: Identifier
    base_version: int
    operations: Annotated[list[Operation], Field(min_length=1, max_length=20_000)]


class Labels(Model):
    """What is saved of an image.

    Attributes
    ----------
    image : int
    version : int
    points : list of Point
    regions : list of Region
    """

    image: int
    version: int
    points: list[Point]
    regions: list[Region]
