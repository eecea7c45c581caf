"""The files of a simulated data set of tomograms: volumes, and the truth in three formats.

The truth is written as CSV, as RELION 5's STAR files and as a copick project, with the same
positions, classes and orientations in each.
"""

import colorsys
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.files import write_json, write_text
from nunatak.images.copick_project import PICKS_FOLDER, RUNS_FOLDER, SPACING
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.picks.formats import write_picks
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.formats.tomograms.copick_names import USER, refuse_names
from nunatak.picks.formats.tomograms.relion_tomo_columns import TILT_SERIES_PIXEL_SIZE, TOMOGRAM
from nunatak.picks.formats.tomograms.runs import run_of
from nunatak.picks.formats.tomograms.tomograms_star import BINNING, SIZES
from nunatak.picks.table import PickSet
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig

CONFIG = "config.json"
TOMOGRAMS = "tomograms"
PARAMETERS = "parameters"
PARTICLES_CSV = "particles.csv"
PARTICLES_STAR = "particles.star"
TOMOGRAMS_STAR = "tomograms.star"
COPICK_CONFIG = "copick.json"
COPICK_PROJECT = "copick"
COPICK_SESSION = "simulation"
"""Of the truth in the copick project, where ``nunatak pick`` may write its picks beside it."""

_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1F\x7F\s_]+')
_GOLDEN_RATIO = (5**0.5 - 1) / 2


def run_name(index: int) -> str:
    """Name of a tomogram without folder and suffix; ``index`` counts from 0."""
    return f"tomo_{index + 1:06d}"


def class_names(names: Iterable[str]) -> dict[str, str]:
    """Return the name that each class gets in files: copick takes no underscores and no blanks.

    Parameters
    ----------
    names
        Of densities.

    Raises
    ------
    BadInput
        If nothing of a name is left, or two become one.

    Examples
    --------
    >>> class_names(["4v4r_30S"])
    {'4v4r_30S': '4v4r-30S'}
    """
    found: dict[str, str] = {}
    for name in names:
        written = _NOT_IN_NAMES.sub("-", name).strip("-")
        if not written or written in found.values():
            raise BadInput(
                f"The density {name!r} gives its class "
                f"{f'the name {written} of another one' if written else 'no name'}, for files of "
                "picks take no underscores and no blanks. Rename it."
            )
        found[name] = written
    refuse_names(found.values())
    return found


def image_name(config: VolumeDatasetConfig, index: int, *, denoised: bool) -> str:
    """Path of a tomogram relative to its data set's folder.

    Parameters
    ----------
    config
        Of the data set.
    index
        Counts from 0.
    denoised
        Whether it is; in a copick project this is its type, beside ``wbp`` and ``direct``.
    """
    if config.format == "mrc":
        return f"{TOMOGRAMS}/{run_name(index)}.mrc"
    name = zarr_name(config.mode, config.voxel_size_A, denoised=denoised)
    return f"{COPICK_PROJECT}/{RUNS_FOLDER}/{run_name(index)}/{name}"


def zarr_name(mode: str, voxel_size_A: float, *, denoised: bool) -> str:
    """Path of an OME-Zarr relative to the folder of its run in the copick project.

    Parameters
    ----------
    mode, voxel_size_A
        Of the data set.
    denoised
        As in `image_name`.
    """
    reconstructed = "direct" if mode == "direct" else "wbp"
    kind = "denoised" if denoised else reconstructed
    return f"{SPACING}{voxel_size_A:.3f}/{kind}.zarr"


def truth_pattern() -> str:
    """Pattern of the files of the truth, relative to the folder of a run in the copick project."""
    return f"{PICKS_FOLDER}/{USER}_{COPICK_SESSION}_*.json"


def write_tomogram(path: Path, tomogram: NDArray[np.float32], voxel_size_A: float) -> None:
    """Write a tomogram as OME-Zarr or MRC, by the suffix; the same bytes every time."""
    if path.suffix == ".zarr":
        write_ome_zarr(path, tomogram, voxel_size_A, overwrite=True)
    else:
        write_mrc_volume(path, tomogram, voxel_size_A, label="nunatak simulate")


def write_truth(
    folder: Path,
    config: VolumeDatasetConfig,
    truth: PickSet,
    diameters_A: Mapping[str, float],
) -> None:
    """Write what is true of all tomograms: CSV, RELION 5's STAR files, a copick project.

    Parameters
    ----------
    folder
        Of the data set; the truth's images are relative to it.
    config
        Of the data set.
    truth
        Particles to find, in all tomograms of the data set.
    diameters_A
        Of each class, by name, in the order of the labels.

    Raises
    ------
    ResourceError
        If a file cannot be written.
    """
    write_picks(truth, folder / PARTICLES_CSV, "csv")
    _write_relion(folder, config, truth)
    write_json(folder / COPICK_CONFIG, _copick_config(diameters_A))
    if len(truth):
        own = TomogramFacts(as_copick_session=COPICK_SESSION)
        write_picks(truth, folder / COPICK_PROJECT, "copick", tomograms=own)
    # A project without a single file must exist as well.
    (folder / COPICK_PROJECT / RUNS_FOLDER).mkdir(parents=True, exist_ok=True)


def _write_relion(folder: Path, config: VolumeDatasetConfig, truth: PickSet) -> None:
    runs = [run_of(image) for image in truth.images]
    nz, ny, nx = config.shape
    # The tilt series has the tomogram's pixels: images are simulated binned already.
    series = TiltSeries((nx, ny, nz), config.voxel_size_A, binning=1.0)
    # RELION's names of tomograms are not paths.
    named = truth.table.assign(image=truth.table["image"].map(run_of).astype(str))
    write_picks(
        PickSet(named, images=tuple(runs)),
        folder / PARTICLES_STAR,
        "relion5-tomo",
        tomograms=TomogramFacts(tilt_series=dict.fromkeys(runs, series)),
    )
    text = star_block("global", _tomograms_table(runs, truth.images, series, config))
    write_text(folder / TOMOGRAMS_STAR, f"# version 50001\n\n{text}")


def _tomograms_table(
    runs: Sequence[str],
    images: Sequence[str],
    series: TiltSeries,
    config: VolumeDatasetConfig,
) -> dict[str, pd.Series]:
    same: dict[str, float | int | str] = {
        "rlnVoltage": config.voltage_kV,
        "rlnSphericalAberration": config.cs_mm,
        "rlnAmplitudeContrast": config.amplitude_contrast,
        "rlnMicrographOriginalPixelSize": series.pixel_size_A,
        "rlnOpticsGroupName": "opticsGroup1",
        TILT_SERIES_PIXEL_SIZE: series.pixel_size_A,
        BINNING: series.binning,
        **dict(zip(SIZES, series.size_px, strict=True)),
    }
    return {
        TOMOGRAM: pd.Series(runs, dtype=str),
        **{label: pd.Series([value] * len(runs)) for label, value in same.items()},
        "rlnTomoReconstructedTomogram": pd.Series(images, dtype=str),
    }


def _copick_config(diameters_A: Mapping[str, float]) -> dict[str, Any]:
    """Return the project's configuration; its root is relative, so that the folder can move."""
    objects = [
        {
            "name": name,
            "is_particle": True,
            "label": label,
            "color": _colour(label),
            "radius": diameter_A / 2,
        }
        for label, (name, diameter_A) in enumerate(diameters_A.items(), 1)
    ]
    return {
        "config_type": "filesystem",
        "name": "nunatak simulate",
        "description": "Simulated tomograms",
        "version": "0.2.0",
        "pickable_objects": objects,
        "overlay_root": f"local://{COPICK_PROJECT}",
        "overlay_fs_args": {"auto_mkdir": True},
        "static_root": None,
    }


def _colour(label: int) -> list[int]:
    """Red, green, blue and opacity; hues a golden section apart stay distinct in any number."""
    rgb = colorsys.hsv_to_rgb(label * _GOLDEN_RATIO % 1.0, 0.75, 0.95)
    return [*(round(255 * value) for value in rgb), 255]
