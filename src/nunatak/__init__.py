"""Find particles in cryo-EM micrographs from few or no labels.

The verbs of the command line are functions here: `pick`, `convert`, `evaluate`, ... They are
loaded when they are first used, so that ``import nunatak`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nunatak.detection.model import load_model
    from nunatak.detection.pick import pick
    from nunatak.detection.volumes.pick_tomograms import pick_tomograms
    from nunatak.images.reader import read_micrograph
    from nunatak.images.tomogram_reader import read_tomogram
    from nunatak.learning.train import train
    from nunatak.learning.volumes.train_tomograms import train_tomograms
    from nunatak.picks.convert import convert
    from nunatak.picks.czii_score import czii_score
    from nunatak.picks.evaluate import evaluate
    from nunatak.picks.evaluate_classes import evaluate_classes
    from nunatak.picks.formats import read_picks, write_picks
    from nunatak.picks.merge import merge
    from nunatak.pruning.prune import prune
    from nunatak.reports.report import build_report
    from nunatak.simulate.dataset import simulate_dataset
    from nunatak.simulate.volume_dataset import simulate_tomograms

__version__ = "0.1.0"

_HOMES = {
    "build_report": "nunatak.reports.report",
    "convert": "nunatak.picks.convert",
    "czii_score": "nunatak.picks.czii_score",
    "evaluate": "nunatak.picks.evaluate",
    "evaluate_classes": "nunatak.picks.evaluate_classes",
    "load_model": "nunatak.detection.model",
    "merge": "nunatak.picks.merge",
    "pick": "nunatak.detection.pick",
    "pick_tomograms": "nunatak.detection.volumes.pick_tomograms",
    "prune": "nunatak.pruning.prune",
    "read_micrograph": "nunatak.images.reader",
    "read_picks": "nunatak.picks.formats",
    "read_tomogram": "nunatak.images.tomogram_reader",
    "simulate_dataset": "nunatak.simulate.dataset",
    "simulate_tomograms": "nunatak.simulate.volume_dataset",
    "train": "nunatak.learning.train",
    "train_tomograms": "nunatak.learning.volumes.train_tomograms",
    "write_picks": "nunatak.picks.formats",
}

__all__ = [
    "__version__",
    "build_report",
    "convert",
    "czii_score",
    "evaluate",
    "evaluate_classes",
    "load_model",
    "merge",
    "pick",
    "pick_tomograms",
    "prune",
    "read_micrograph",
    "read_picks",
    "read_tomogram",
    "simulate_dataset",
    "simulate_tomograms",
    "train",
    "train_tomograms",
    "write_picks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nunatak' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
