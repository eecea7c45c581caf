"""With what a shipped model is made, and in which number format it is trained."""

import logging
import platform
from datetime import UTC, datetime

import numpy as np
import torch

import nunatak
from nunatak.detection.precision import training_precision
from nunatak.training.config import TrainingConfig

_log = logging.getLogger(__name__)


def made_with() -> dict[str, str]:
    """Return versions and the date: what a model's provenance says of its making."""
    return {
        "nunatak": nunatak.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def suited(training: TrainingConfig, device: torch.device) -> TrainingConfig:
    """Train in float32 where the device has no units for bfloat16."""
    if training_precision(device) == "bfloat16":
        return training
    _log.info("no bfloat16 units here: training in float32")
    return training.model_copy(update={"precision": "float32"})
