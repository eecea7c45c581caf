"""What the shipped models see of a set's picks, computed once and kept in the work folder."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.model import load_model
from nunatak.files import written_whole
from nunatak.pruning.detector_scores import DetectorScores
from nunatak.pruning.embedding import embed
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.model import PruningModel
from nunatak.pruning.pick_crops import crops_of_picks
from pruning_sets import PruningSet

DETECTOR = "general-2d"
FOLDER = "pruning-features"
FORM = 2
"""Rises whenever more is kept of a pick."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Crops and features of all picks of a set.

    Attributes
    ----------
    crops : ndarray, shape (n, 2, side, side), float16
        NaN where a pick could not be cut; may lie on disk.
    features : PickFeatures
    """

    crops: NDArray[np.float16]
    features: PickFeatures

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Whether there was an image of the pick."""
        return np.isfinite(self.features.embedding).all(axis=1)

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Crops of some picks."""
        return np.asarray(self.crops[rows], dtype=np.float32)


@dataclass(frozen=True)
class Eyes:
    """Models that look at picks, and where what they saw is kept.

    Attributes
    ----------
    model : PruningModel
        The classifier.
    work : Path
        Folder for what takes long.
    device : str
    """

    model: PruningModel
    work: Path
    device: str = "cpu"

    @property
    def checksum(self) -> str:
        """Tells these models from any others."""
        name = "" if self.model.path is None else self.model.path.name
        known = [name, self.model.sha256, load_model(DETECTOR).sha256]
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()

    def see(self, data: PruningSet) -> Seen:
        """Look at a set's picks, or at what was seen of them before."""
        return _seen(self, data)


@lru_cache(maxsize=64)
def _seen(eyes: Eyes, data: PruningSet) -> Seen:
    key = hashlib.sha256(f"{FORM} {data.checksum} {eyes.checksum}".encode()).hexdigest()[:16]
    stem = eyes.work / FOLDER / f"{data.name}-{key}"
    crops_path, rest_path = stem.with_suffix(".npy"), stem.with_suffix(".npz")
    if not rest_path.exists():
        made = _looked_at(eyes, data)
        crops_path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(crops_path) as temporary, temporary.open("wb") as file:
            np.save(file, made.crops)
        # Written last: what has features is complete.
        with written_whole(rest_path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                embedding=made.features.embedding,
                log_probability=made.features.log_probability,
                detector_logit=made.features.detector_logit,
                detector_features=made.features.detector_features,
                picker_score=made.features.picker_score,
            )
    with np.load(rest_path, allow_pickle=False) as kept:
        features = PickFeatures(**kept, classes=eyes.model.header.classes)
    return Seen(np.load(crops_path, mmap_mode="r", allow_pickle=False), features)


def _looked_at(eyes: Eyes, data: PruningSet) -> Seen:
    model, count = eyes.model, len(data.picks)
    side, channels = model.header.crop.side_px, model.header.crop.channels
    crops = np.full((count, channels, side, side), np.nan, dtype=np.float16)
    detector = DetectorScores(DETECTOR, device=eyes.device)
    detector_logit = np.full(count, np.nan)
    detector_features = np.full((count, detector.feature_channels), np.nan, dtype=np.float32)
    for part in crops_of_picks(
        data.picks,
        diameter_A=data.diameter_A,
        spec=model.header.crop,
        detector=detector,
    ):
        crops[part.rows] = part.crops
        detector_logit[part.rows] = part.detector_logit
        detector_features[part.rows] = part.detector_features
    unknown = np.full(count, np.nan)
    width = model.network.backbone.feature_channels
    features = PickFeatures(
        embedding=np.full((count, width), np.nan, np.float32),
        log_probability=np.full((count, len(model.header.classes)), np.nan, np.float32),
        detector_logit=detector_logit,
        picker_score=np.asarray(data.picks.table.get("score", unknown), dtype=np.float64),
        classes=model.header.classes,
        detector_features=detector_features,
    )
    return Seen(crops, judged_again(Seen(crops, features), model, device=eyes.device))


def judged_again(
    seen: Seen, model: PruningModel, *, device: str = "cpu", context: bool = True
) -> PickFeatures:
    """Let a classifier judge the crops of a set.

    Parameters
    ----------
    seen
        The crops, and what else is known.
    model
        The classifier.
    device
        Where it computes.
    context
        Whether it is shown the surroundings.
    """
    features = seen.features
    embedding, log_probability = features.embedding.copy(), features.log_probability.copy()
    cut = np.flatnonzero(np.isfinite(seen.crops[:, 0, 0, 0]))
    for start in range(0, len(cut), 1024):
        rows = cut[start : start + 1024]
        crops = seen.of(rows)
        if not context:
            crops[:, 1:] = 0.0
        embedded = embed(model, crops, device=device)
        embedding[rows] = embedded.embedding
        log_probability[rows] = embedded.log_probability
    return replace(features, embedding=embedding, log_probability=log_probability)
