"""The page about picks in tomograms."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.images.tomogram import Box, Tomogram
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.picks.table import PickSet
from nunatak.reports import volume_pictures
from nunatak.reports.locate import locate_images
from nunatak.reports.report import build_report

SHAPE = (30, 40, 50)
COLUMNS = ["x_px", "y_px", "z_px", "score", "selected", "class_name", "diameter_A"]
Circles = list[tuple[str, list[tuple[str, str, str]]]]


@pytest.fixture
def tomogram(tmp_path: Path, rng: np.random.Generator) -> str:
    """Noise in voxels of 10 Å, wider than tall."""
    path = tmp_path / "t.mrc"
    write_mrc_volume(path, rng.normal(size=SHAPE).astype(np.float32), 10.0)
    return str(path)


def picks_in(image: str, rows: list[tuple[object, ...]]) -> PickSet:
    return PickSet(pd.DataFrame(rows, columns=COLUMNS).assign(image=image))


def two_classes(image: str) -> PickSet:
    """Four picks near z 20, of which two lie in one row, and one far below."""
    return picks_in(
        image,
        [
            (10.0, 12.0, 20.0, 0.9, True, "large", 200.0),
            (30.0, 12.4, 20.6, 0.8, True, "large", 200.0),
            (25.5, 30.0, 19.0, 0.7, True, "small", 80.0),
            (40.0, 35.0, 20.0, 0.1, False, "small", 80.0),
            (5.0, 5.0, 2.0, 0.6, True, "small", 80.0),
        ],
    )


def test_circles_lie_in_the_slabs_with_each_picks_radius(
    tomogram: str,
    tmp_path: Path,
    check_page: Callable[[str], None],
    circles_in: Callable[[str], Circles],
) -> None:
    text = build_report(two_classes(tomogram), tmp_path / "r.html").read_text(encoding="utf-8")
    check_page(text)
    # Along z, then along y; what is not selected lies below. An SVG begins half a pixel before 0.
    assert circles_in(text) == [
        ("rejected", [("40.5", "35.5", "4.0")]),
        ("selected", [("10.5", "12.5", "10.0"), ("30.5", "12.9", "10.0"), ("26.0", "30.5", "4.0")]),
        ("selected", [("10.5", "20.5", "10.0"), ("30.5", "21.1", "10.0")]),
    ]
    assert 'viewBox="0 0 50 40"' in text
    assert 'viewBox="0 0 50 30"' in text
    assert "of 30 along z; 3 selected picks centred there" in text
    assert "of 40 along y; 2 selected picks centred there" in text
    assert "<title>small 0.700</title>" in text


def test_counts_and_scores_are_given_by_class(tomogram: str, tmp_path: Path) -> None:
    text = build_report(two_classes(tomogram), tmp_path / "r.html").read_text(encoding="utf-8")
    assert "4 particles in 1 tomogram" in text
    assert "Particle diameters 80 to 200 Å" in text
    assert "Picks per tomogram</h2>" in text
    cells = '<td class="number">80 Å</td><td class="number">2</td><td class="number">3</td>'
    assert cells in text
    assert text.count('<figure class="chart scores">') == 2
    for title in ("large: highest", "small: highest", "small: borderline"):
        assert f"{title}</h2>" in text
    assert "t.mrc, x 26, y 30, z 19" in text
    assert "micrograph" not in text


def test_one_diameter_may_be_given_for_all(
    tomogram: str, tmp_path: Path, circles_in: Callable[[str], Circles]
) -> None:
    path = build_report(two_classes(tomogram), tmp_path / "r.html", diameter_A=120.0)
    text = path.read_text(encoding="utf-8")
    assert {one[2] for _, circles in circles_in(text) for one in circles} == {"6.0"}
    assert "Particle diameter 120 Å" in text


def test_a_pick_is_in_the_middle_of_its_picture(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).normal(0, 0.05, SHAPE)
    z, y, x = np.indices(SHAPE)
    voxels -= (x - 20) ** 2 + (y - 15) ** 2 + (z - 9) ** 2 < 16
    volume = volume_pictures.Volume.of_array(voxels)
    drawn: list[np.ndarray] = []

    def keep(plane: volume_pictures.MeanPlane, x: float, y: float, **options: float) -> str:
        drawn.append(plane[slice(0, 40), slice(0, 50)])
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(volume_pictures, "pick_picture", keep)
        volume_pictures.middle_picture(volume, (20.0, 15.0, 9.0), diameter_px=8.0)
        volume_pictures.middle_picture(volume, (20.0, 15.0, 25.0), diameter_px=8.0)
    assert np.unravel_index(drawn[0].argmin(), drawn[0].shape)[0] in range(11, 20)
    assert drawn[0][15, 20] < -0.9
    assert drawn[1].min() > -0.3  # nothing is at that height


def test_zarr_folders_are_found_and_drawn(
    tmp_path: Path, rng: np.random.Generator, circles_in: Callable[[str], Circles]
) -> None:
    write_ome_zarr(tmp_path / "t.zarr", rng.normal(size=SHAPE).astype(np.float32), 10.0)
    picks = two_classes("t.zarr")
    picks.source = tmp_path / "picks.csv"
    text = build_report(locate_images(picks), tmp_path / "r.html").read_text(encoding="utf-8")
    assert len(circles_in(text)) == 3
    assert text.count("<img ") == 7


def test_large_tomograms_are_read_in_parts(
    tomogram: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    opened = volume_pictures.read_tomogram

    def counting(path: str, **options: object) -> Tomogram:
        source = opened(path, **options)

        def read_box(box: Box) -> np.ndarray:
            read.append(source.read_box(box).size)
            return source.read_box(box)

        return Tomogram(source.info, source.voxel_size_A, read_box)

    monkeypatch.setattr(volume_pictures, "read_tomogram", counting)
    picks = two_classes(tomogram)
    small = PickSet(picks.table.assign(diameter_A=25.0))
    build_report(small, tmp_path / "r.html")
    # One plane along z, one along y, and seven squares of 4 × 4 voxels, four of them at most.
    assert sum(read) <= 40 * 50 + 30 * 50 + 7 * 16


def test_a_tomogram_that_cannot_be_opened_is_named(
    tomogram: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Path(tomogram).write_bytes(b"no tomogram")
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        text = build_report(two_classes(tomogram), tmp_path / "r.html").read_text()
    assert "Not shown</h2>" in text
    assert "<img " not in text
    assert tomogram in caplog.text


def test_an_empty_tomogram_has_a_page(tomogram: str, tmp_path: Path) -> None:
    empty = PickSet(two_classes(tomogram).table.iloc[:0], images=(tomogram,))
    text = build_report(empty, tmp_path / "r.html", diameter_A=100.0).read_text()
    assert "0 particles in 1 tomogram" in text
    assert "of 30 along z; 0 selected picks centred there" in text


def test_picks_outside_the_tomogram_do_not_break_the_page(tomogram: str, tmp_path: Path) -> None:
    picks = picks_in(
        tomogram,
        [
            (500.0, 12.0, 20.0, 0.9, True, "a", 200.0),
            (10.0, -80.0, 900.0, 0.8, True, "a", 200.0),
        ],
    )
    text = build_report(picks, tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count("<img ") == 2
