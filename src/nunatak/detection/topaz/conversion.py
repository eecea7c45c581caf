"""Make one of our model files of one of Topaz's."""

import hashlib
from os import PathLike
from pathlib import Path
from typing import get_args

from scipy.special import expit

import nunatak
from nunatak.detection.header import ModelClass, ModelHeader
from nunatak.detection.model import DetectorModel, save_model
from nunatak.detection.model_file import read_content
from nunatak.detection.topaz.architecture import KNOWN, recognise
from nunatak.detection.topaz.inert_pickle import Unreadable
from nunatak.detection.topaz.modules import take_apart
from nunatak.detection.topaz.torch_file import read_torch_file
from nunatak.detection.weights import network_with
from nunatak.errors import FormatError, UsageError
from nunatak.images import mixture
from nunatak.networks.specs import PatchStride

THRESHOLD = 0.5
"""Topaz's models do not say from which score on a place is a particle."""

LOGIT_FLOOR = -6.0
"""Topaz's own default for what it extracts: candidates below are not written."""


def convert_topaz_model(
    path: str | PathLike[str],
    output: str | PathLike[str],
    *,
    diameter_px: float,
    diameter_A: float | None = None,
    output_stride: int = 1,
    name: str | None = None,
    redo: bool = False,
) -> DetectorModel:
    """Read a model of Topaz as plain tensors and write it as a model of nunatak.

    Nothing of the file is run: its pickle is taken apart instruction by instruction.

    Parameters
    ----------
    path
        The ``.sav`` file, with the whole model or with its weights.
    output
        Model file to write, ``*.safetensors``.
    diameter_px
        Diameter of a particle in the images that the model was trained on, pixels; the file does
        not say it.
    diameter_A
        Diameter of that particle, Å; None for a model that works for any.
    output_stride
        Pixels of the image a pixel of the score map: 1 scores every pixel, as Topaz does; 2 and 4
        score every second and fourth, with the same scores there and much less work.
    name
        For people. Default: the file's name.
    redo
        Replace an output that exists.

    Returns
    -------
    DetectorModel
        As written. Its default threshold is `THRESHOLD`, which means nothing before it has been
        compared with picks that are known to be right.

    Raises
    ------
    UsageError
        If a diameter is impossible, or the output exists.
    BadInput
        If the file cannot be read, or holds no network of Topaz that nunatak has too.
    """
    path, output = Path(path), Path(output)
    if not diameter_px > 0 or (diameter_A is not None and not diameter_A > 0):
        raise UsageError("The particle's diameter must be larger than 0.")
    if output_stride not in get_args(PatchStride):
        raise UsageError(
            f"An output stride is one of {get_args(PatchStride)}, not {output_stride}."
        )
    if output.exists() and not redo:
        raise UsageError(f"{output} exists. Give another name, or --redo to replace it.")
    content = read_content(path)
    try:
        found = recognise(take_apart(read_torch_file(content)))
    except Unreadable as error:
        raise FormatError(
            path,
            f"no model of Topaz can be read from it: {error}",
            hint=f"Nothing in it was run. nunatak converts {KNOWN} as Topaz saves them",
        ) from error
    spec = found.spec.at_stride(output_stride)
    network = network_with(spec, found.tensors, path=path)
    sha256 = hashlib.sha256(content).hexdigest()
    header = ModelHeader(
        name=(name or path.stem)[:200],
        network=spec,
        classes=(ModelClass(name="particle", diameter_A=diameter_A),),
        diameter_px=diameter_px,
        output_stride=network.output_stride,
        normalisation=mixture.VERSION,
        default_threshold=THRESHOLD,
        score_floor=round(float(expit(LOGIT_FLOOR)), 6),
        cut_logit=0.0,  # it has seen the edges of real micrographs, and Topaz takes it as it is
        provenance={
            "converted from": f"{path.name}, a model of Topaz",
            "sha256 of that file": sha256,
            "nunatak": nunatak.__version__,
        },
    )
    model = DetectorModel(header, network, output)
    save_model(model, output)
    return model


def in_words(model: DetectorModel) -> str:
    """Say what was made, and what its threshold is worth."""
    header = model.header
    parameters = sum(parameter.numel() for parameter in model.network.parameters())
    return (
        f"{model.path}: {header.network.name}, {parameters} parameters, particles of "
        f"{header.diameter_px:g} pixels. A model of Topaz has no threshold of its own: "
        f"{header.default_threshold:g} is a guess, and every candidate down to a score of "
        f"{header.score_floor:g} is kept. Look at the picks, and choose with --threshold."
    )


def diameter_in_pixels(
    *, diameter_A: float | None, diameter_px: float | None, pixel_size_A: float | None
) -> float:
    """Diameter of a particle in the images that a model was trained on, from what a user knows.

    Parameters
    ----------
    diameter_A
        Å, or None.
    diameter_px
        In those images; or None where their pixel size is given.
    pixel_size_A
        Å per pixel of those images, after any downsampling; or None.

    Raises
    ------
    UsageError
        If neither or both can be told.

    Examples
    --------
    >>> diameter_in_pixels(diameter_A=180.0, diameter_px=None, pixel_size_A=6.0)
    30.0
    """
    if (diameter_px is None) == (pixel_size_A is None):
        raise UsageError(
            "A model of Topaz does not say how large its particles are. Give either their "
            "diameter in the images it was trained on (--diameter-px), or the pixel size of those "
            "images, after downsampling (--pixel-size, with --diameter)."
        )
    if diameter_px is not None:
        return diameter_px
    if diameter_A is None or pixel_size_A is None or not pixel_size_A > 0:
        raise UsageError("--pixel-size needs the particle's diameter in Å, --diameter, and is > 0.")
    return diameter_A / pixel_size_A
