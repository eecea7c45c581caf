"""What a copick file of picks says, checked field by field."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.formats.json_text import read_json_object
from nunatak.picks.formats.tomograms import json_points, objects

UNIT = "angstrom"


@dataclass(frozen=True)
class CopickFile:
    """Picks of one object in one run.

    Attributes
    ----------
    name : str
        Of the object.
    run : str or None
        As the file states it.
    spacing_A : float or None
        Voxel side that the file states, which copick may have rounded, ångström.
    trusted : bool or None
        Whether the file says to trust its orientations.
    positions_A : ndarray, shape (n, 3), float64
        Each location plus the translation of its transformation, x, y, z in ångström.
    matrices : ndarray, shape (n, 3, 3), float64
        Turn the object into its place in the tomogram.
    scores : ndarray, shape (n,), float64
        NaN where there is none.
    instance_ids : ndarray, shape (n,), int64
        0 where there is none.
    """

    name: str
    run: str | None
    spacing_A: float | None
    trusted: bool | None
    positions_A: FloatArray
    matrices: FloatArray
    scores: FloatArray
    instance_ids: NDArray[np.int64]

    @property
    def has_only_identities(self) -> bool:
        """Whether no matrix turns anything."""
        return bool((self.matrices == np.eye(3)).all())


def read_copick(path: Path) -> CopickFile:
    """Read a file of picks.

    Raises
    ------
    FormatError
        If the file is damaged, lacks a name or its points, or counts in another unit.
    """
    content = read_json_object(path)
    name = _text(path, content, "pickable_object_name")
    if name is None:
        raise FormatError(path, "no name of an object", field="pickable_object_name")
    unit = _text(path, content, "unit") or UNIT
    if unit.lower() != UNIT:
        raise FormatError(path, f"{unit!r} where {UNIT!r} was expected", field="unit")
    trusted = content.get("trust_orientation")
    if trusted is not None and not isinstance(trusted, bool):
        raise FormatError(path, f"{trusted!r:.60} is not true or false", field="trust_orientation")
    points = [_point(path, f"points[{n}]", one) for n, one in enumerate(_points(path, content))]
    transformations = np.array([point.transformation for point in points]).reshape(-1, 4, 4)
    locations_A = np.array([point.location_A for point in points]).reshape(-1, 3)
    return CopickFile(
        name=name,
        run=_text(path, content, "run_name"),
        spacing_A=_spacing_A(path, content),
        trusted=trusted,
        positions_A=locations_A + transformations[:, :3, 3],
        matrices=transformations[:, :3, :3],
        scores=np.array([point.score for point in points], dtype=np.float64),
        instance_ids=np.array([point.instance_id for point in points], dtype=np.int64),
    )


def points_to_write(table: pd.DataFrame, positions_A: FloatArray) -> list[dict[str, object]]:
    """Return the entry of each pick in the list of points.

    Parameters
    ----------
    table
        Pick table.
    positions_A
        Of its picks, shape (n, 3), x, y, z in ångström.
    """
    matrices = json_points.matrices_of(objects.angles_deg(table))
    transformations = np.tile(np.eye(4), (len(table), 1, 1))
    known = np.isfinite(matrices).all(axis=(1, 2))
    transformations[known, :3, :3] = matrices[known]
    points: list[dict[str, object]] = [
        {
            "location": dict(zip("xyz", position_A, strict=True)),
            "transformation_": transformation,
            "instance_id": instance_id,
        }
        for position_A, transformation, instance_id in zip(
            positions_A.tolist(),
            transformations.tolist(),
            objects.instance_ids(table).tolist(),
            strict=True,
        )
    ]
    if "score" in table.columns:
        for point, score in zip(points, table["score"].tolist(), strict=True):
            # copick knows no unknown score: without the key it takes 1.
            if np.isfinite(score):
                point["score"] = score
    return points


@dataclass(frozen=True)
class _Point:
    location_A: tuple[float, float, float]
    transformation: FloatArray
    score: float
    instance_id: int


def _point(path: Path, field: str, point: object) -> _Point:
    location_A = json_points.location(path, point, field=field)
    cells = point if isinstance(point, dict) else {}
    transformation = np.eye(4)
    if "transformation_" in cells:
        within = f"{field}.transformation_"
        transformation = json_points.matrix(path, cells["transformation_"], 4, field=within)
        if not np.array_equal(transformation[3], [0, 0, 0, 1]):
            raise FormatError(path, "a last row that is not 0, 0, 0, 1", field=within)
        json_points.refuse_unless_rotation(path, transformation[:3, :3], field=within)
    score, instance_id = cells.get("score"), cells.get("instance_id")
    if score is not None:
        score = json_points.number(path, score, field=f"{field}.score")
    if instance_id is not None:
        instance_id = json_points.integer(path, instance_id, field=f"{field}.instance_id")
    return _Point(location_A, transformation, np.nan if score is None else score, instance_id or 0)


def _points(path: Path, content: dict[str, object]) -> list[object]:
    if "points" not in content:
        raise FormatError(path, "no list of points", field="points")
    points = content["points"]
    if points is None:  # copick allows it
        return []
    if not isinstance(points, list):
        raise FormatError(path, f"{points!r:.60} where a list was expected", field="points")
    return points


def _spacing_A(path: Path, content: dict[str, object]) -> float | None:
    stated = content.get("voxel_spacing")
    if stated is None:
        return None
    spacing_A = json_points.number(path, stated, field="voxel_spacing")
    if spacing_A <= 0:
        raise FormatError(path, f"{spacing_A:g} Å is no voxel size", field="voxel_spacing")
    return spacing_A


def _text(path: Path, content: dict[str, object], key: str) -> str | None:
    """Return a text, or None where there is none or it is empty."""
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise FormatError(path, f"{value!r:.60} where text was expected", field=key)
    # JSON can escape halves of a character, which are no text.
    return value.encode(errors="replace").decode() if value else None
