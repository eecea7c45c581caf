"""Train topaz-em on drawn labels, and judge what it saves along the way.

All its settings are its defaults (ResNet8 that starts from topaz's own pretrained weights,
GE-binomial), apart from the number of updates, which is cut, and what its user must say: the
number of particles expected in a micrograph, here the true mean, and the downscaling. Its
authors' rule of thumb for that is 4 to 8 Å a pixel, the particle within the network's receptive
field of 71 pixels; the least downscaling that the rule allows keeps most detail.

Topaz seeds nothing: of one seed only the draw of the labels can be repeated.
"""

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accuracy import rate
from nunatak.files import write_text
from nunatak.picks.formats import write_picks
from processes import GB, Run, run_measured
from topaz_runs import TopazScale, downscaled_grid, read_extracted
from training_sets import Count, TrainingSet

FINEST_A = 4.0
"""Pixel size that topaz's images have at least."""

DEFAULT_UPDATES = 10_000


def recommended_scale(data: TrainingSet) -> TopazScale:
    """Return the least whole-number downscaling to pixels of at least 4 Å."""
    binning = max(1, math.ceil(FINEST_A / data.pixel_size_A))
    return TopazScale.binned("recommended", data.diameter_A / data.pixel_size_A, binning)


@dataclass(frozen=True)
class TopazTraining:
    """One training of topaz on one draw of labels.

    Attributes
    ----------
    topaz : Path
        The command.
    data : TrainingSet
    count : int or None
        Number of labels; None for all.
    seed : int
        Of their draw.
    epoch_size, epochs : int
        Updates between two saved models, and how many models.
    cores : int
    """

    topaz: Path
    data: TrainingSet
    count: Count
    seed: int
    epoch_size: int = 100
    epochs: int = 10
    cores: int = 2

    @property
    def title(self) -> str:
        """Name of its folder."""
        updates = f"{self.epochs}x{self.epoch_size}"
        return f"labels-{self.count or 'all'}-seed-{self.seed}-updates-{updates}"

    def folder(self, work: Path) -> Path:
        """Return where everything of it lies."""
        return folder_of(self.data, work) / self.title

    def is_finished(self, work: Path) -> bool:
        """Whether nothing is left to be done."""
        return all(self._judged_path(work, epoch).exists() for epoch in self._epochs)

    def result(self, work: Path) -> dict[str, Any]:
        """Train and judge what is missing, and return everything.

        An interrupted training begins anew, since topaz cannot resume; each saved model that
        has been judged stays judged.

        Returns
        -------
        dict
            JSON values: ``curve`` with the average precision at each saved model.
        """
        if not (self.folder(work) / "training.json").exists():
            self._train(work)
        training = json.loads((self.folder(work) / "training.json").read_text(encoding="utf-8"))
        curve = [self._judged(work, epoch) for epoch in self._epochs]
        each = training["seconds_per_update"]
        start_up = training["seconds"] - each * self.epochs * self.epoch_size
        return {
            "count": self.count,
            "seed": self.seed,
            **training,
            "seconds_for_default": start_up + each * DEFAULT_UPDATES,
            "curve": curve,
            "end": curve[-1],
            "best": max(curve, key=lambda one: one["average_precision"]),
        }

    @property
    def _epochs(self) -> range:
        return range(1, self.epochs + 1)

    def _train(self, work: Path) -> None:
        scale = recommended_scale(self.data)
        small = self._preprocessed(self.data.training, work)
        target = self.folder(work)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            folder = Path(name) / "training"
            folder.mkdir()
            images, labels = folder / "images.txt", folder / "labels.txt"
            lines = ["image_name\tpath", *(f"{path.stem}\t{path}" for path in small)]
            write_text(images, "\n".join(lines) + "\n")
            grid = downscaled_grid(self.data.training, small)
            drawn = self.data.drawn(self.count, self.seed)
            write_picks(drawn, labels, "topaz", images=self.data.training, grid=grid)
            run = self._run(images, labels, folder / "model")
            described = {
                "binning": scale.binning,
                "diameter_px": self.data.diameter_A / self.data.pixel_size_A / scale.binning,
                "expected_particles": self.data.expected_particles,
                "updates": self.epochs * self.epoch_size,
                "seconds": run.seconds,
                "seconds_per_update": self._seconds_per_update(folder),
                "peak_GB": run.peak_bytes / GB,
            }
            write_text(folder / "training.json", json.dumps(described))
            folder.replace(target)  # under its name it is complete

    def _run(self, images: Path, labels: Path, prefix: Path) -> Run:
        options: dict[str, object] = {
            "--train-images": images,
            "--train-targets": labels,
            "--num-particles": f"{self.data.expected_particles:.1f}",
            "--epoch-size": self.epoch_size,
            "--num-epochs": self.epochs,
            "--save-prefix": prefix,
            "--output": prefix.with_name("progress.txt"),
            "--device": -1,
        }
        words = [str(word) for pair in options.items() for word in pair]
        return run_measured([self.topaz, "train", *words], cores=self.cores)

    def _judged(self, work: Path, epoch: int) -> dict[str, Any]:
        path = self._judged_path(work, epoch)
        if not path.exists():
            judged = {"updates": epoch * self.epoch_size, **self._judge(work, epoch)}
            write_text(path, json.dumps(judged))
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content

    def _judge(self, work: Path, epoch: int) -> dict[str, Any]:
        scale = recommended_scale(self.data)
        small = self._preprocessed(self.data.test, work)
        model = self._model(self.folder(work), epoch)
        with tempfile.TemporaryDirectory(dir=work) as name:
            output = Path(name) / "picks.txt"
            options = ["-m", model, "-r", scale.radius_px, "-d", -1, "-o", output]
            words = [str(word) for word in options]
            run = run_measured([self.topaz, "extract", *words, *small], cores=self.cores)
            picks = read_extracted(output, self.data.test, small)
        rated = rate(picks, self.data.truth(), radius_A=self.data.matching_radius_A, resamples=0)
        return {
            "average_precision": rated["average_precision"]["micro"]["value"],
            "best_f1": rated["best_f1"]["value"],
            "candidates": rated["candidates"],
            "extract_seconds": run.seconds,
        }

    def _seconds_per_update(self, folder: Path) -> float:
        """Return the time of an update, without start-up: from one saved model to the last."""
        if self.epochs == 1:
            raise SystemExit("Topaz must save two models at least, or its speed is unknown.")
        first, last = (self._model(folder, epoch).stat().st_mtime for epoch in (1, self.epochs))
        return (last - first) / ((self.epochs - 1) * self.epoch_size)

    def _model(self, folder: Path, epoch: int) -> Path:
        # Topaz numbers its files with as few digits as it takes for the last but one.
        digits = math.ceil(math.log10(self.epochs))
        return folder / f"model_epoch{epoch:0{digits}d}.sav"

    def _judged_path(self, work: Path, epoch: int) -> Path:
        return self.folder(work) / f"judged-{epoch:03d}.json"

    def _preprocessed(self, micrographs: Sequence[Path], work: Path) -> list[Path]:
        """Return micrographs downscaled and normalised by topaz; what there is, is used again."""
        binning = recommended_scale(self.data).binning
        folder = folder_of(self.data, work) / f"binning-{binning}"
        folder.mkdir(parents=True, exist_ok=True)
        missing = [path for path in micrographs if not (folder / f"{path.stem}.mrc").exists()]
        if missing:
            with tempfile.TemporaryDirectory(dir=folder) as name:
                words = ["preprocess", "-s", str(binning), "-o", name, *map(str, missing)]
                run_measured([self.topaz, *words], cores=self.cores)
                for path in missing:
                    (Path(name) / f"{path.stem}.mrc").replace(folder / f"{path.stem}.mrc")
        return [folder / f"{path.stem}.mrc" for path in micrographs]


def folder_of(data: TrainingSet, work: Path) -> Path:
    """Return where everything of a set lies; other data of the same name have another folder."""
    return work / "topaz-training" / f"{data.name}-{data.checksum[:8]}"
