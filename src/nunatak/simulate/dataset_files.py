"""The files of a simulated data set."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from nunatak.files import write_text, written_whole
from nunatak.picks.formats.star_text import star_block
from nunatak.simulate.field import JunkClass

MICROGRAPHS = "micrographs"
MASKS = "masks"
PARAMETERS = "parameters"
CONFIG = "config.json"
PARTICLES_STAR = "particles.star"
MICROGRAPHS_STAR = "micrographs_ctf.star"
CLASSES = "classes.json"

_STEM = re.compile(r"mic_\d{6,}")
_SIGNATURE = b"nunatak simulate"
_LABELS_BYTE = 224
"""Where the first label lies in the header of an MRC file."""

_COLOURS: Mapping[JunkClass, tuple[int, int, int]] = {
    JunkClass.NONE: (0, 0, 0),
    JunkClass.CARBON: (120, 120, 120),
    JunkClass.GOLD_FOIL: (190, 150, 30),
    JunkClass.GOLD_BEAD: (255, 215, 0),
    JunkClass.ICE_CRYSTAL: (90, 180, 255),
    JunkClass.CONTAMINATION: (200, 70, 50),
    JunkClass.AGGREGATE: (230, 110, 190),
    JunkClass.FRAGMENT: (160, 90, 220),
    JunkClass.FILAMENT: (60, 190, 110),
    JunkClass.VESICLE: (30, 140, 150),
    JunkClass.EMPTY_HOLE: (255, 255, 255),
    JunkClass.MOTTLED_ICE: (40, 60, 110),
}


def stem(index: int) -> str:
    """Name of a micrograph without folder and suffix; ``index`` counts from 0."""
    return f"mic_{index + 1:06d}"


def write_mrc(path: Path, image: NDArray[np.float32], *, pixel_size_A: float, dtype: str) -> None:
    """Write an image as MRC, mode 2 (float32) or 1 (int16, rounded); the same bytes every time."""
    pixels = np.rint(image).clip(-32768, 32767) if dtype == "int16" else image
    with (
        written_whole(path) as temporary,
        mrcfile.new(temporary, pixels.astype(dtype), overwrite=True) as file,
    ):
        file.voxel_size = pixel_size_A
        file.header.label[:] = b""  # mrcfile signs with the time of day
        file.header.label[0] = _SIGNATURE
        file.header.nlabl = 1


def write_mask(path: Path, label: NDArray[np.uint8]) -> None:
    """Write a junk mask as PNG: pixel values are `JunkClass`, shown in colours."""
    image = Image.fromarray(label)
    image.putpalette([value for kind in JunkClass for value in _COLOURS[kind]])
    with written_whole(path) as temporary:
        image.save(temporary, format="PNG")


def write_classes(folder: Path) -> None:
    """Write which value of the masks stands for what."""
    names = {int(kind): kind.name.lower() for kind in JunkClass}
    write_json(folder / MASKS / CLASSES, names)


def write_json(path: Path, content: Mapping[Any, Any]) -> None:
    """Write JSON for people and programs."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_stars(folder: Path, micrographs: Sequence[Mapping[str, Any]]) -> None:
    """Write truth and microscope settings in RELION's layout (3.1 and later).

    Parameters
    ----------
    folder
        Of the data set; names of micrographs are relative to it.
    micrographs
        The parameters of each, as in its JSON file.
    """
    optics = _optics_block(micrographs[0])
    rows = [(one, particle) for one in micrographs for particle in one["particles"]]
    particles = {
        "rlnCoordinateX": pd.Series([p["x_px"] for _, p in rows], dtype=np.float64),
        "rlnCoordinateY": pd.Series([p["y_px"] for _, p in rows], dtype=np.float64),
        "rlnMicrographName": pd.Series([one["micrograph"] for one, _ in rows], dtype=str),
        "rlnOpticsGroup": pd.Series([1] * len(rows), dtype=np.int64),
        "nunatakClassName": pd.Series([one["density"]["name"] for one, _ in rows], dtype=str),
        "nunatakDiameterAngst": pd.Series(
            [one["density"]["diameter_A"] for one, _ in rows], dtype=np.float64
        ),
    }
    write_text(folder / PARTICLES_STAR, optics + star_block("particles", particles))
    settings = [one["optics"] for one in micrographs]
    angles = np.rad2deg([one["astigmatism_angle_rad"] for one in settings])
    table = {
        "rlnMicrographName": pd.Series([one["micrograph"] for one in micrographs], dtype=str),
        "rlnOpticsGroup": pd.Series([1] * len(micrographs), dtype=np.int64),
        "rlnDefocusU": pd.Series([one["defocus_u_A"] for one in settings]),
        "rlnDefocusV": pd.Series([one["defocus_v_A"] for one in settings]),
        "rlnDefocusAngle": pd.Series(angles),
        "rlnPhaseShift": pd.Series(np.rad2deg([one["phase_shift_rad"] for one in settings])),
    }
    write_text(folder / MICROGRAPHS_STAR, optics + star_block("micrographs", table))


def remove_simulated(folder: Path) -> None:
    """Delete what would stay beside a new data set and look like a part of it.

    Parameters
    ----------
    folder
        Of the data set. What others keep in it, also images of the same names, stays.
    """
    # The tables first, then the parameters: they say that what they belong to is complete.
    for table in (PARTICLES_STAR, MICROGRAPHS_STAR):
        (folder / table).unlink(missing_ok=True)
    for parameters in _numbered(folder / PARAMETERS, ".json"):
        parameters.unlink()
    for micrograph in _numbered(folder / MICROGRAPHS, ".mrc"):
        if _is_simulated(micrograph):
            # The mask before the image, by which it is known should this be interrupted.
            (folder / MASKS / f"{micrograph.stem}.png").unlink(missing_ok=True)
            micrograph.unlink()


def _numbered(folder: Path, suffix: str) -> list[Path]:
    """Return the files of a folder that are named as a micrograph of a data set is."""
    files = sorted(folder.glob(f"*{suffix}"))
    return [file for file in files if _STEM.fullmatch(file.stem)]


def _is_simulated(micrograph: Path) -> bool:
    with micrograph.open("rb") as file:
        file.seek(_LABELS_BYTE)
        return file.read(len(_SIGNATURE)) == _SIGNATURE


def _optics_block(micrograph: Mapping[str, Any]) -> str:
    optics = micrograph["optics"]
    values: dict[str, str | int | float] = {
        "rlnOpticsGroup": 1,
        "rlnOpticsGroupName": "opticsGroup1",
        "rlnMicrographOriginalPixelSize": micrograph["pixel_size_A"],
        "rlnMicrographPixelSize": micrograph["pixel_size_A"],
        "rlnVoltage": optics["voltage_kV"],
        "rlnSphericalAberration": optics["cs_mm"],
        "rlnAmplitudeContrast": optics["amplitude_contrast"],
    }
    return star_block("optics", {name: pd.Series([value]) for name, value in values.items()})
