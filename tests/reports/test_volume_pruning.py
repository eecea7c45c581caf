"""The page about a pruning of picks in tomograms."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.picks.table import PickSet
from nunatak.pruning.calibration import calibrate
from nunatak.pruning.false_discovery import discovery_curve
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.result import PruneResult
from nunatak.reports.pruning import write_pruning_report

SHAPE = (30, 40, 50)
Circles = list[tuple[str, list[tuple[str, str, str]]]]


@pytest.fixture
def result(tmp_path: Path, rng: np.random.Generator) -> PruneResult:
    """Two kinds of particles in voxels of 10 Å; in the first tomogram most lie near z 20."""
    voxels = rng.normal(size=SHAPE).astype(np.float32)
    write_mrc_volume(tmp_path / "t.mrc", voxels, 10.0)
    write_ome_zarr(tmp_path / "u.zarr", voxels, 10.0)
    rows = [
        ("t.mrc", 10.0, 12.0, 20.0, "large", 0.9, "particle", "keep"),
        ("t.mrc", 30.0, 12.4, 20.6, "large", 0.8, "particle", "keep"),
        ("t.mrc", 25.5, 30.0, 19.0, "small", 0.3, "gold", "review"),
        ("t.mrc", 40.0, 35.0, 20.0, "small", 0.1, "gold", "reject"),
        ("t.mrc", 5.0, 5.0, 2.0, "small", 0.7, "particle", "keep"),
        ("u.zarr", 25.0, 20.0, 15.0, "small", 0.1, "off_centre", "reject"),
    ]
    columns = ["image", "x_px", "y_px", "z_px", "class_name"]
    table = pd.DataFrame(rows, columns=[*columns, "probability", "predicted_class", "decision"])
    probability = table["probability"].to_numpy(np.float64)
    logit = np.log(probability / (1 - probability))
    calibration = calibrate(np.empty(0), np.empty(0, dtype=bool), logit)
    unknown = np.full(len(table), np.nan)
    return PruneResult(
        picks=PickSet(table, source=tmp_path / "picks.csv"),
        logit=logit,
        features=PickFeatures(
            embedding=rng.normal(size=(6, 4)).astype(np.float32),
            log_probability=np.full((6, 8), -np.log(8), dtype=np.float32),
            detector_logit=unknown,
            picker_score=unknown,
        ),
        diameter_A={"large": 200.0, "small": 80.0},
        keep_from=0.5,
        reject_below=0.2,
        discovery=discovery_curve(calibration, logit),
        views=None,
        labels=None,
        out_of_fold=None,
        method="shipped",
        diameter_px=np.array([20.0, 20.0, 8.0, 8.0, 8.0, 8.0]),
    )


def text_of(result: PruneResult, folder: Path, **options: object) -> str:
    page = write_pruning_report(result, folder / "r.html", **options)  # type: ignore[arg-type]
    return page.read_text(encoding="utf-8")


def test_circles_lie_in_the_slabs_by_decision(
    result: PruneResult,
    tmp_path: Path,
    check_page: Callable[[str], None],
    circles_in: Callable[[str], Circles],
) -> None:
    text = text_of(result, tmp_path)
    check_page(text)
    # Of the worst tomogram nothing is kept. Of the best, slabs are laid through what is kept.
    drawn = circles_in(text)
    assert drawn[:2] == [
        ("rejected", [("25.5", "20.5", "4.0")]),
        ("rejected", [("25.5", "15.5", "4.0")]),
    ]
    assert drawn[2:] == [
        ("rejected", [("40.5", "35.5", "4.0")]),
        ("review", [("26.0", "30.5", "4.0")]),
        ("selected", [("10.5", "12.5", "10.0"), ("30.5", "12.9", "10.0")]),
        ("selected", [("10.5", "20.5", "10.0"), ("30.5", "21.1", "10.0")]),
    ]
    assert "of 30 along z; 4 picks centred there" in text
    assert "of 40 along y; 2 picks centred there" in text
    assert "<title>large 0.900</title>" in text
    assert "<title>gold 0.300</title>" in text


def test_tomograms_and_kinds_of_particles_are_counted(result: PruneResult, tmp_path: Path) -> None:
    text = text_of(result, tmp_path)
    assert "3 of 6 picks kept" in text
    assert "Tomograms</h2>" in text
    assert "icrograph" not in text
    assert "Particle diameters 80 to 200 Å" in text
    cells = "".join(f'<td class="number">{cell}</td>' for cell in ("80 Å", 1, 1, 2))
    assert cells in text
    for title in ("Kept: large", "Kept: small", "Rejected: gold", "Rejected: off centre"):
        assert f"<h2>{title}</h2>" in text
    assert "t.mrc, x 40, y 35, z 20; gold" in text
    assert text.count("<img ") == len(result.picks)


def test_one_diameter_and_tomograms_elsewhere(
    result: PruneResult, tmp_path: Path, circles_in: Callable[[str], Circles]
) -> None:
    table = result.picks.table.drop(columns="class_name")
    renamed = table.assign(image=table["image"].str.split(".").str[0])
    picks = PickSet(renamed)
    text = text_of(replace(result, picks=picks, diameter_A=120.0), tmp_path, images=[tmp_path])
    assert {one[2] for _, circles in circles_in(text) for one in circles} == {"6.0"}
    assert "Particle diameter 120 Å" in text
    assert "By kind of particle" not in text
    assert "<h2>Kept: particle</h2>" in text
    assert "Not shown</h2>" not in text
