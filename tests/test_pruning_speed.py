"""The benchmark of how long pruning takes."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.table import PickSet

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are only in the repository", allow_module_level=True)

Import = Callable[[str], Any]


@pytest.fixture
def speed(benchmark: Import) -> Any:
    return benchmark("pruning_speed")


def test_picks_are_the_best_candidates_on_links(
    speed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / f"original_{number}.mrc" for number in range(2)]
    candidates = (300, 100)
    table = pd.DataFrame(
        {
            "image": np.repeat([str(path) for path in files], candidates),
            "x_px": np.arange(400.0),
            "y_px": np.arange(400.0),
            "score": np.linspace(0, 1, 400),
        }
    )
    found = SimpleNamespace(picks=PickSet(table))
    monkeypatch.setattr(speed, "pick", lambda files, *, diameter_A: found)
    for path in files:
        path.write_text(path.name)
    folder = tmp_path / "linked"
    folder.mkdir()
    picks = pd.read_csv(speed.linked_picks(folder, files, 700))
    counts = picks["image"].value_counts(sort=False).tolist()
    assert counts == [250, 100, 250, 100]
    assert picks["score"][:250].min() == pytest.approx(table["score"][50])
    assert (folder / "micrograph_0003.mrc").read_text() == "original_0.mrc"
    assert len(pd.read_csv(speed.linked_picks(_made(tmp_path / "few"), files, 30))) == 30


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_labels_agree_with_a_pruning(speed: Any, tmp_path: Path) -> None:
    decision = np.repeat(["keep", "review", "reject"], 50)
    table = pd.DataFrame({"image": "a.mrc", "x_px": np.arange(150.0), "y_px": 0.0})
    table.assign(decision=decision).to_csv(tmp_path / "pruned.csv", index=False)
    labels = pd.read_csv(speed.labels_of(tmp_path / "pruned.csv", seed=0))
    assert labels["label"].value_counts().to_dict() == {"particle": 20, "junk": 20}
    assert set(decision[labels["x_px"].astype(int)][labels["label"] == "junk"]) == {"reject"}
    assert labels["x_px"].is_unique


def test_only_all_picks_on_two_cores_are_judged(speed: Any, benchmark: Import) -> None:
    run = {"labels": 0, "seconds": 200.0, "peak_GB": 1.5}
    two, one = (benchmark("argparse").Namespace(cores=cores) for cores in (2, 1))
    assert speed._judged(run, 100_000, two) == {"seconds": 200.0, "peak_GB": 1.5}
    assert speed._judged(run, 1_000, two) == {}
    assert speed._judged(run, 100_000, one) == {}


def test_speed_is_shown_with_and_without_labels(benchmark: Import) -> None:
    runs = [
        {"labels": 0, "method": "shipped", "seconds": 200.0, "peak_GB": 1.5},
        {"labels": 40, "method": "linear", "seconds": 250.0, "peak_GB": 1.75},
    ]
    result = {
        "picks": 100_000,
        "micrographs": {"number": 400, "different": 12, "side_px": 4096},
        "cores_used": 2,
        "model": {"name": "general-pruner"},
        "runs": runs,
    }
    page = benchmark("pruning_sections").pruning_speed(result)
    assert "### Pruning 100 000 picks" in page
    assert "| none | shipped | 200 s | 2.00 ms | 1.50 GB |" in page
    assert "| 40 | linear | 250 s | 2.50 ms | 1.75 GB |" in page


def test_the_target_is_shown_once_it_is_measured(benchmark: Import) -> None:
    table, targets = benchmark("results_table"), benchmark("targets")
    assert "100 000 picks" not in table.tables({})
    judged = targets.judged("pruning_speed", {"seconds": 250.0, "peak_GB": 1.9})
    page = table._targets({"pruning_speed": {"targets": judged}})
    assert "| at most 240 s | 250 s | **no** |" in page
    assert "| at most 2.00 GB | 1.90 GB | yes |" in page
