"""One finished micrograph or tomogram, and how it is written down."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nunatak.detection.candidates import Candidates
from nunatak.images.shapes import Shape, VolumeShape
from nunatak.images.stable import FileState


@dataclass(frozen=True)
class Finished:
    """One finished micrograph or tomogram.

    Attributes
    ----------
    image : str
        Its path as the user named it.
    state : FileState
        Which version of the file was picked.
    shape : tuple of int
        ``(ny, nx)`` of the source image, ``(nz, ny, nx)`` of a tomogram.
    pixel_size_A : float
        Of the source image.
    candidates : Candidates
        All above the model's floor, best first.
    notes : tuple of str
        Irregularities of the file that were tolerated or repaired.
    """

    image: str
    state: FileState
    shape: Shape | VolumeShape
    pixel_size_A: float
    candidates: Candidates
    notes: tuple[str, ...] = ()


def to_json(micrograph: Finished) -> dict[str, Any]:
    """Return JSON values that `from_json` turns back exactly."""
    candidates = micrograph.candidates
    return {
        "image": micrograph.image,
        "size_bytes": micrograph.state.size_bytes,
        "modified_ns": micrograph.state.modified_ns,
        "shape": micrograph.shape,
        "pixel_size_A": micrograph.pixel_size_A,
        "x_px": candidates.x_px.tolist(),
        "y_px": candidates.y_px.tolist(),
        **({} if candidates.z_px is None else {"z_px": candidates.z_px.tolist()}),
        "score": candidates.score.tolist(),
        "class_index": candidates.class_index.tolist(),
        "notes": micrograph.notes,
    }


def from_json(fields: dict[str, Any]) -> Finished:
    """Return the micrograph that `to_json` was given."""
    z_px = fields.get("z_px")
    return Finished(
        image=fields["image"],
        state=FileState(fields["size_bytes"], fields["modified_ns"]),
        shape=tuple(fields["shape"]),
        pixel_size_A=fields["pixel_size_A"],
        candidates=Candidates(
            x_px=np.array(fields["x_px"], dtype=np.float64),
            y_px=np.array(fields["y_px"], dtype=np.float64),
            score=np.array(fields["score"], dtype=np.float64),
            class_index=np.array(fields["class_index"], dtype=np.int64),
            z_px=None if z_px is None else np.array(z_px, dtype=np.float64),
        ),
        notes=tuple(fields.get("notes", ())),
    )
