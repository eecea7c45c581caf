"""Single judgements of the pruning study: one task, one draw of labels, one way to learn."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from kept_runs import KeptRun
from nunatak.errors import NunatakError
from pruning_arms import Arm, Case
from pruning_features import Eyes
from pruning_measures import rated
from pruning_tasks import Task


@dataclass(frozen=True)
class PruningRun(KeptRun):
    """One draw of labels, learned from and judged on other picks.

    Attributes
    ----------
    task : Task
    arm : Arm
        How to learn.
    count : int
        Labels a class.
    seed : int
        Of the draw and of the learning.
    eyes : Eyes
        Models to start from.
    """

    task: Task
    arm: Arm
    count: int
    seed: int
    eyes: Eyes

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"{self.task.name}, {self.arm.title}, {self.count} labels a class, seed {self.seed}"

    @property
    def folder(self) -> str:
        """Where its results lie within the work folder."""
        return f"pruning/{self.task.name}"

    @property
    def determined_by(self) -> dict[str, Any]:
        """All that determines the result."""
        return {
            "task": self.task.described(),
            "arm": self.arm.described(),
            "count": self.count,
            "seed": self.seed,
            "models": self.eyes.checksum,
        }

    def carried_out(self, folder: Path, *, cores: int) -> dict[str, Any]:
        """Learn and judge, in this process: what is seen of the picks is shared by all runs."""
        torch.set_num_threads(cores)
        seen = self.eyes.see(self.task.data)
        draw = self.task.drawn(self.count, self.seed)
        labelled, judged = (rows[seen.judged[rows]] for rows in (draw.labelled, draw.judged))
        case = Case(
            seen=seen,
            eyes=self.eyes,
            rows=self.task.rows[seen.judged[self.task.rows]],
            labelled=labelled,
            names=self.task.class_name[labelled],
            called=self.task.called(self.eyes.model.header.classes),
            judged=judged,
            seed=self.seed,
        )
        start = time.perf_counter()
        try:
            answer = self.arm.judge(case)
        except NunatakError as error:
            raise SystemExit(f"{self.title}: {error}") from error
        seconds = time.perf_counter() - start
        truth = self.task.class_name[judged]
        return {
            "task": self.task.name,
            "arm": self.arm.name,
            "count": self.count,
            "seed": self.seed,
            "labels": len(labelled),
            "process_seconds": seconds,
            **rated(truth, answer.probability, answer.taken, answer.predicted, answer.kept),
            **answer.more,
        }
