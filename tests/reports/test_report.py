import logging
import re
from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, UsageError
from nunatak.picks.table import PickSet
from nunatak.reports.galleries import PICKS_SHOWN
from nunatak.reports.report import build_report

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7*7 }} \u202e.mrc"


def write_micrograph(path: Path, rng: np.random.Generator, pixel_size_A: float = 2.0) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path) as file:
        file.set_data(rng.normal(size=(180, 240)).astype(np.float32))
        file.voxel_size = pixel_size_A
    return str(path)


def made_up_picks(images: list[str], rng: np.random.Generator, per_image: int = 20) -> PickSet:
    n_picks = per_image * len(images)
    table = pd.DataFrame(
        {
            "image": np.repeat(np.array(images, dtype=object), per_image),
            "x_px": rng.uniform(0, 240, n_picks),
            "y_px": rng.uniform(0, 180, n_picks),
            "score": rng.uniform(size=n_picks),
        }
    )
    return PickSet(table, images=tuple(images))


@pytest.fixture
def images(tmp_path: Path, rng: np.random.Generator) -> list[str]:
    return [write_micrograph(tmp_path / "mics" / f"m{n}.mrc", rng) for n in range(4)]


def test_the_page_is_whole_and_needs_nothing_else(
    tmp_path: Path,
    images: list[str],
    rng: np.random.Generator,
    check_page: Callable[[str], None],
) -> None:
    picks = made_up_picks(images, rng)
    path = build_report(picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0)
    text = path.read_text(encoding="utf-8")
    check_page(text)
    assert "default-src 'none'; img-src data:" in text


def test_circles_lie_at_the_picks_with_the_particles_radius(
    tmp_path: Path,
    images: list[str],
    circles_in: Callable[[str], list[tuple[str, list[tuple[str, str, str]]]]],
) -> None:
    table = pd.DataFrame(
        {"image": images[:1] * 2, "x_px": [10.0, 99.5], "y_px": [20.0, 50.5], "score": [0.9, 0.1]}
    )
    path = build_report(PickSet(table), tmp_path / "r.html", threshold=0.5, diameter_A=40.0)
    text = path.read_text(encoding="utf-8")
    # Rejected ones lie below the selected. 40 Å across are a radius of 10 pixels of 2 Å.
    assert circles_in(text) == [
        ("rejected", [("100.0", "51.0", "10.0")]),
        ("selected", [("10.5", "20.5", "10.0")]),
    ]
    assert 'viewBox="0 0 240 180"' in text


def test_galleries_and_landmarks_are_shown(
    tmp_path: Path, images: list[str], rng: np.random.Generator
) -> None:
    picks = made_up_picks(images, rng, per_image=100)
    path = build_report(picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0)
    text = path.read_text(encoding="utf-8")
    assert text.count("<img ") == 3 * PICKS_SHOWN
    assert text.count("<image ") == 3
    for title in ("The most picks", "The median", "The fewest picks", "Highest", "Borderline"):
        assert f"{title}</h" in text
    assert f"{len(picks)} candidates" in text


def test_file_names_and_messages_cannot_inject_html(
    tmp_path: Path, rng: np.random.Generator, check_page: Callable[[str], None]
) -> None:
    image = write_micrograph(tmp_path / HOSTILE.replace("/", "∕"), rng)
    path = build_report(
        made_up_picks([image], rng),
        tmp_path / "r.html",
        threshold=0.5,
        diameter_A=40.0,
        provenance={HOSTILE: HOSTILE},
        failures=[(HOSTILE, HOSTILE)],
    )
    text = path.read_text(encoding="utf-8")
    check_page(text)
    assert "{{ 7*7 }}" in text
    assert text.count("&lt;script&gt;") >= 4


def test_names_that_are_not_utf8_can_be_written(
    tmp_path: Path, images: list[str], rng: np.random.Generator
) -> None:
    picks = made_up_picks(images, rng)
    picks = PickSet(picks.table, images=(*images, "empty-\udcff.mrc"))
    failures = [("failed-\udcfe.mrc", "truncated")]
    path = build_report(
        picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0, failures=failures
    )
    text = path.read_text(encoding="utf-8")
    assert "empty-\\udcff.mrc" in text
    assert "failed-\\udcfe.mrc" in text


def test_micrographs_that_cannot_be_opened_are_named_not_hidden(
    tmp_path: Path,
    images: list[str],
    rng: np.random.Generator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Path(images[0]).unlink()
    Path(images[1]).write_bytes(b"not an image")
    picks = made_up_picks(images[:2], rng)
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        path = build_report(picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0)
    text = path.read_text(encoding="utf-8")
    assert "Not shown</h2>" in text
    assert "24 more could not be shown" in text
    assert text.count("<img ") == 0
    assert images[0] in caplog.text


def test_failures_are_listed_and_not_counted_as_empty(
    tmp_path: Path, images: list[str], rng: np.random.Generator
) -> None:
    failures = [(f"bad{n}.mrc", "truncated") for n in range(250)]
    picks = made_up_picks(images, rng)
    picks = PickSet(picks.table, images=(*picks.images, "bad0.mrc"))
    path = build_report(
        picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0, failures=failures
    )
    text = path.read_text(encoding="utf-8")
    assert text.count("truncated") == 200
    assert "and 50 more" in text
    assert "on 4 micrographs" in text


def test_provenance_is_set_out(tmp_path: Path, images: list[str], rng: np.random.Generator) -> None:
    path = build_report(
        made_up_picks(images, rng),
        tmp_path / "r.html",
        threshold=0.5,
        diameter_A=40.0,
        provenance={"Model": "general-2d", "Command": "nunatak pick 'a b.mrc'"},
    )
    text = path.read_text(encoding="utf-8")
    assert re.search(r"<dt>Model</dt><dd><bdi>general-2d</bdi>", text)
    assert "nunatak pick &#39;a b.mrc&#39;" in text
    assert re.search(r"<dt>Report</dt><dd><bdi>nunatak \d+\.\d+\.\d+, \d{4}-", text)


def test_picks_without_scores_and_no_picks_at_all_have_a_report(
    tmp_path: Path, images: list[str], rng: np.random.Generator
) -> None:
    unscored = PickSet(made_up_picks(images, rng).table.drop(columns="score"))
    text = build_report(unscored, tmp_path / "u.html", threshold=None, diameter_A=40.0).read_text()
    assert "Scores</h2>" not in text
    assert "80 particles on 4 micrographs" in text
    empty = PickSet(unscored.table.iloc[:0], images=tuple(images))
    text = build_report(empty, tmp_path / "e.html", threshold=None, diameter_A=40.0).read_text()
    assert "0 particles on 4 micrographs" in text
    nothing = PickSet(unscored.table.iloc[:0])
    text = build_report(nothing, tmp_path / "n.html", threshold=None, diameter_A=40.0).read_text()
    assert "0 particles on 0 micrographs" in text


def test_only_the_micrographs_shown_are_opened(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = write_micrograph(tmp_path / "m.mrc", rng)
    links = [tmp_path / f"link{n}.mrc" for n in range(300)]
    for link in links:
        link.symlink_to(image)
    opened: list[str] = []

    def counting(path: str, **options: object) -> object:
        opened.append(path)
        return read_micrograph(path, **options)

    from nunatak.reports import pictures

    read_micrograph = pictures.read_micrograph
    monkeypatch.setattr(pictures, "read_micrograph", counting)
    picks = made_up_picks([str(link) for link in links], rng)
    build_report(picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0)
    assert len(opened) == len(set(opened)) <= 3 + 3 * 8


def test_an_unknown_pixel_size_or_no_diameter_is_refused(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    image = write_micrograph(tmp_path / "m.mrc", rng, pixel_size_A=0.0)
    picks = made_up_picks([image], rng)
    with pytest.raises(BadInput, match=r"m\.mrc: its pixel size is unknown.*--pixel-size"):
        build_report(picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0)
    assert not (tmp_path / "r.html").exists()
    build_report(picks, tmp_path / "r.html", threshold=0.5, diameter_A=40.0, pixel_size_A=2.0)
    with pytest.raises(UsageError, match="diameter must be positive, found 0 Å"):
        build_report(picks, tmp_path / "r.html", threshold=0.5, diameter_A=0.0)
