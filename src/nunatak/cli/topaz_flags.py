"""Topaz's flags and commands that ``nunatak-topaz`` does not act on, and what becomes of them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from nunatak.errors import UsageError

_FILAMENTS = (
    "nunatak finds single particles, not filaments. Leave out the helix options, or name Topaz "
    "itself as the executable for this job"
)
_PLAIN_TABLES = "coordinates are read and written as Topaz's plain tables; see 'nunatak convert'"

REFUSED: dict[str, tuple[bool, tuple[str, ...], str]] = {
    "--filaments": (False, (), _FILAMENTS),
    "--filaments_length": (True, (), _FILAMENTS),
    "--filaments_plot": (False, (), _FILAMENTS),
    "--per-micrograph": (False, (), "all picks go into one table; see 'nunatak pick --to'"),
    "--only-validate": (False, (), "use 'nunatak evaluate'"),
    "--describe": (False, (), "use 'nunatak info' on a model"),
    "--format": (True, ("auto", "coord"), _PLAIN_TABLES),
    "--dims": (True, ("2",), "tomograms cannot be picked yet"),
}
"""Flags that would change what the result means: whether a value follows, values that do not
change it, and what to say otherwise."""

TRAIN_PUBLISHED: dict[str, Callable[[str], object]] = {
    "--method": str,
    "--autoencoder": float,
    "--learning-rate": float,
    "--minibatch-size": int,
    "--minibatch-balance": float,
    "--epoch-size": int,
    "--num-epochs": int,
    "--l2": float,
    "--model": str,
    "--units": int,
    "--dropout": float,
    "--bn": str,
    "--pooling": str,
    "--unit-scaling": int,
}
"""Flags of ``topaz train`` that act on the published configuration, with the value's type."""

TRAIN_IGNORED: dict[str, bool] = {
    "--image-ext": True,
    "-k": True,
    "--k-fold": True,
    "--fold": True,
    "--cross-validation-seed": True,
    "--slack": True,
    "--natural": False,
    "--preload": True,
    "--pretrained": False,
    "--no-pretrained": False,
    "--ngf": True,
    "-s": True,
    "--patch-size": True,
    "-p": True,
    "--patch-padding": True,
    "--test-batch-size": True,
}
"""Flags of ``topaz train`` that are taken and ignored; whether a value follows."""

EXTRACT_IGNORED: dict[str, bool] = {
    "-p": True,
    "--patch-size": True,
    "--patch-padding": True,
    "--batch-size": True,
    "--assignment-radius": True,
    "--min-radius": True,
    "--max-radius": True,
    "--step-radius": True,
    "--targets": True,
    "--suffix": True,
}
"""Flags of ``topaz extract`` that are taken and ignored; whether a value follows."""

_CONVERT = "use 'nunatak convert', which knows Topaz's tables and twelve other formats"
_ITSELF = "nunatak resamples and normalises micrographs itself when it trains and picks"

ELSEWHERE: dict[str, str] = {
    "preprocess": _ITSELF,
    "normalize": _ITSELF,
    "downsample": _ITSELF,
    "denoise": "nunatak does not denoise; name Topaz itself as the executable for that job",
    "denoise3d": "nunatak does not denoise",
    "segment": "'extract' scores and picks in one go",
    "precision_recall_curve": "use 'nunatak evaluate'",
    "convert": _CONVERT,
    "split": _CONVERT,
    "scale_coordinates": _CONVERT,
    "star_to_coordinates": _CONVERT,
    "coordinates_to_star": _CONVERT,
    "boxes_to_coordinates": _CONVERT,
    "coordinates_to_boxes": _CONVERT,
    "coordinates_to_eman2_json": _CONVERT,
    "star_particles_threshold": "use 'nunatak convert --threshold'",
    "train_test_split": "training holds micrographs out by itself",
    "particle_stack": "particles are extracted by RELION or CryoSPARC",
    "gui": "use 'nunatak report' to look at picks",
}
"""Topaz's other commands, and what to do instead."""


def refuse(given: Mapping[str, object]) -> None:
    """Refuse flags that nunatak cannot honour and must not ignore.

    Parameters
    ----------
    given
        Flags that were given, with the list of their values.

    Raises
    ------
    UsageError
        If one of `REFUSED` is among them, with a value that matters.
    """
    for flag, values in given.items():
        _has_value, harmless, instead = REFUSED.get(flag, (False, (), None))
        if instead is not None and not (isinstance(values, list) and set(values) <= set(harmless)):
            raise UsageError(f"nunatak-topaz cannot honour {flag}: {instead}.")


def leftover(extras: Sequence[str], words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell unknown flags and their values from images among what no flag took.

    A word behind an unknown flag is its value unless it is a file.

    Parameters
    ----------
    extras
        What the parser did not understand.
    words
        The whole command line.

    Returns
    -------
    tuple of list of str
        Words to ignore, and images.
    """
    flags = {word for word in extras if word.startswith("-")}
    values = {
        after
        for before, after in pairwise(words)
        if before in flags and "=" not in before and not after.startswith("-")
    }
    values = {value for value in values if not Path(value).exists()}
    stray = [word for word in extras if word not in flags and word not in values]
    return [word for word in words if word in flags or word in values], stray
