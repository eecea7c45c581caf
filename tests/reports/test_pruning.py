"""Report pages of prunings."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest

from nunatak.detection.result import Failure
from nunatak.errors import BadInput, UsageError
from nunatak.picks.table import PickSet
from nunatak.pruning.calibration import calibrate
from nunatak.pruning.contradictions import Contradictions
from nunatak.pruning.decide import KEEP, NOTHING_KEPT, REJECT, REVIEW, UNJUDGED
from nunatak.pruning.false_discovery import discovery_curve
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.result import PruneResult
from nunatak.pruning.views_lost import ViewsLost
from nunatak.reports.galleries import PICKS_SHOWN
from nunatak.reports.pruning import write_pruning_report
from nunatak.reports.pruning_charts import discovery_chart
from nunatak.reports.pruning_heading import key_figures, lead_of

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7*7 }} \u202e.mrc"

PER_IMAGE = 60


def write_micrograph(path: Path, rng: np.random.Generator, pixel_size_A: float = 2.0) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path) as file:
        file.set_data(rng.normal(size=(120, 160)).astype(np.float32))
        file.voxel_size = pixel_size_A
    return str(path)


def made_up_result(images: list[str], rng: np.random.Generator) -> PruneResult:
    """Return a pruning of picks with two sorts of embeddings; on the last image all is junk."""
    n = PER_IMAGE * len(images)
    is_particle = rng.uniform(size=n) < 0.5
    is_particle[-PER_IMAGE:] = False
    logit = rng.normal(np.where(is_particle, 2.5, -2.5), 1.5)
    rows = np.sort(rng.choice(n, 24, replace=False))
    calibration = calibrate(logit[rows], is_particle[rows], logit)
    probability = calibration.probability(logit)
    decision = np.select([probability >= 0.5, probability >= 0.2], [KEEP, REVIEW], REJECT)
    table = pd.DataFrame(
        {
            "image": np.repeat(np.array(images, dtype=object), PER_IMAGE),
            "x_px": rng.uniform(0, 160, n),
            "y_px": rng.uniform(0, 120, n),
            "probability": probability,
            "predicted_class": np.where(probability >= 0.5, "particle", "off_centre"),
            "decision": decision.astype(object),
        }
    )
    embedding = rng.normal(size=(n, 6)) + 4 * is_particle[:, None]
    group = np.where(probability >= 0.1, np.arange(n) % 2, -1)
    sizes = np.array([(group == number).sum() for number in (0, 1)])
    return PruneResult(
        picks=PickSet(table, images=tuple(images)),
        logit=logit,
        features=PickFeatures(
            embedding=embedding.astype(np.float32),
            log_probability=np.full((n, 8), -np.log(8), dtype=np.float32),
            detector_logit=np.full(n, np.nan),
            picker_score=np.full(n, np.nan),
        ),
        diameter_A=40.0,
        keep_from=0.5,
        reject_below=0.2,
        discovery=discovery_curve(calibration, logit),
        views=ViewsLost(
            cluster=group,
            picks=sizes,
            rejected=sizes // np.array([2, 4]),
            particles_lost=np.array([12.0, 3.0]),
            p_value=np.array([1e-6, 1.0]),
            is_thinned=np.array([True, False]),
        ),
        labels=MatchedLabels(
            rows,
            np.where(is_particle[rows], "particle", "ice").astype(object),
            ("labels.star: 3 labels with no pick within 0.2 diameters.",),
        ),
        out_of_fold=pd.DataFrame(
            {"row": rows, "is_particle": is_particle[rows], "probability": probability[rows]}
        ),
        method="linear",
        cross_validation={"loss": {"1": 0.21}},
        failures=[],
        provenance={
            "command_line": ["nunatak", "prune", "a b.star"],
            "model": {"name": "general-pruner", "sha256": "ab12"},
            "options": {"keep_fdr": 0.05, "pixel_size_A": None},
        },
    )


@pytest.fixture
def images(tmp_path: Path, rng: np.random.Generator) -> list[str]:
    return [write_micrograph(tmp_path / "mics" / f"m{n}.mrc", rng) for n in range(4)]


@pytest.fixture
def result(images: list[str], rng: np.random.Generator) -> PruneResult:
    return made_up_result(images, rng)


def text_of(result: PruneResult, folder: Path, **options: object) -> str:
    path = write_pruning_report(result, folder / "r.html", **options)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[PruneResult, str]:
    """A result and its page, for all tests that only read it."""
    rng, folder = np.random.default_rng(7), tmp_path_factory.mktemp("made")
    result = made_up_result(
        [write_micrograph(folder / "mics" / f"m{n}.mrc", rng) for n in range(4)], rng
    )
    return result, text_of(result, folder)


def test_the_page_is_whole_and_needs_nothing_else(
    made: tuple[PruneResult, str], check_page: Callable[[str], None]
) -> None:
    _, text = made
    check_page(text)
    assert "default-src 'none'; img-src data:" in text
    titles = re.findall(r"<h2>(.*?)</h2>", text)
    assert titles[:7] == [
        "Labels",
        "Decisions",
        "False picks among the kept",
        "Calibration",
        "Map",
        "Micrographs",
        "Before and after",
    ]
    assert titles[7:] == [
        "Kept: particle",
        "Borderline: off centre",
        "Rejected: off centre",
        "Views",
        "Thinned: view 1",
        "Provenance",
    ]


def test_key_figures_are_those_of_the_result(made: tuple[PruneResult, str]) -> None:
    result, text = made
    figures = dict(re.findall(r"<div.*?><dt>(.*?)</dt><dd>(.*?)</dd></div>", text))
    counts = result.counts
    assert figures["kept"] == str(counts[KEEP])
    assert figures["to review"] == str(counts[REVIEW])
    assert figures["rejected"] == str(counts[REJECT])
    assert figures["method"] == "linear head"
    found = result.discovery.at(0.5)
    name = f"expected false among the kept, {100 * found.low:.1f} to {100 * found.high:.1f} %"
    assert figures[name] == f"{100 * found.rate:.1f} %"
    assert [value for name, value in figures.items() if name.startswith("labels: ")] == ["24"]
    assert f"<h1>{counts[KEEP]} of 240 picks kept</h1>" in text
    assert "3 labels with no pick within 0.2 diameters" in text
    assert "Particle diameter 40 Å" in text


def test_the_worst_micrograph_leads_the_table_and_is_shown(made: tuple[PruneResult, str]) -> None:
    result, text = made
    first = re.search(r"Those that lost the most.*?<bdi>(.*?)</bdi></th>(.*?)</tr>", text, re.S)
    assert first is not None
    assert first[1] == "m3.mrc"
    kept = int((result.picks.table["decision"][-PER_IMAGE:] == KEEP).sum())
    cells = re.findall(r">([^<]*)</td>", first[2])
    assert cells[:2] == [str(PER_IMAGE), str(kept)]
    assert cells[-1] == "off centre"
    panel = re.search(r"The most lost</h3>.*?<bdi>(.*?)</bdi>", text, re.S)
    assert panel is not None
    assert panel[1] == "m3.mrc"


def test_circles_lie_at_the_picks_by_decision(
    tmp_path: Path,
    rng: np.random.Generator,
    circles_in: Callable[[str], list[tuple[str, list[tuple[str, str, str]]]]],
) -> None:
    image = write_micrograph(tmp_path / "m.mrc", rng)
    result = made_up_result([image], rng)
    rows = result.picks.table["decision"].isin([KEEP, REJECT, REVIEW])
    table = result.picks.table.assign(x_px=10.0, y_px=20.5)
    drawn = circles_in(text_of(replace(result, picks=PickSet(table[rows])), tmp_path))
    counts = result.counts
    sizes = [
        (kind, counts[decision])
        for kind, decision in (("rejected", REJECT), ("review", REVIEW), ("selected", KEEP))
        if counts[decision]
    ]
    assert [(kind, len(circles)) for kind, circles in drawn] == sizes
    # 40 Å across are a radius of 10 pixels of 2 Å.
    assert {circle for _, circles in drawn for circle in circles} == {("10.5", "21.0", "10.0")}


def test_galleries_show_what_was_decided(made: tuple[PruneResult, str]) -> None:
    _, text = made
    sections = re.findall(r"<section>(.*?)</section>", text, re.S)
    walls = {str(re.findall(r"<h2>(.*?)</h2>", one)[0]): one for one in sections}
    for title, kind in (("Kept: particle", "selected"), ("Rejected: off centre", "rejected")):
        assert walls[title].count("<img ") == PICKS_SHOWN
        assert walls[title].count(f'<li class="{kind}"') == PICKS_SHOWN
    thinned = re.findall(r'<li class="(\w+)"', walls["Thinned: view 1"])
    assert thinned[: PICKS_SHOWN // 2] == ["selected"] * (PICKS_SHOWN // 2)
    assert set(thinned[PICKS_SHOWN // 2 :]) <= {"review", "rejected"}


def test_a_pruning_without_labels_says_so(tmp_path: Path, result: PruneResult) -> None:
    alone = replace(result, labels=None, out_of_fold=None, views=None, method="shipped")
    text = text_of(alone, tmp_path)
    assert "judged alone, without any label" in text
    assert "rests on simulations alone and was not checked on these images" in text
    assert "Nothing to compare with" in text
    assert "Labels</h2>" not in text
    assert "Views</h2>" not in text
    assert "labelled particle" not in text


def test_labels_of_mistakes_are_warned_of_in_the_heading(result: PruneResult) -> None:
    warned = replace(result, contradictions=Contradictions(6, 4))
    assert "4 of 6 labels contradict" in lead_of(warned, result.picks.table)
    assert "contradict" not in lead_of(result, result.picks.table)


def test_without_labels_in_tomograms_no_interval_is_given(result: PruneResult) -> None:
    in_space = PickSet(result.picks.table.assign(z_px=1.0))
    alone = replace(result, picks=in_space, labels=None, method="shipped")
    names = [name for name, _ in key_figures(alone, 0)]
    assert "expected false among the kept" in names
    assert "Give labels." in lead_of(alone, in_space.table)
    curve = discovery_chart(
        result.discovery.rate, result.discovery.kept, None, chosen=result.discovery.rate[1]
    )
    assert curve is not None
    assert ([line.kind for line in curve.lines], curve.notes) == (["line"], ())


def test_nothing_kept_and_nothing_judged_have_a_page(
    tmp_path: Path, result: PruneResult, check_page: Callable[[str], None]
) -> None:
    table = result.picks.table
    none = replace(
        result,
        picks=PickSet(table.assign(decision=REVIEW), images=result.picks.images),
        keep_from=NOTHING_KEPT,
    )
    text = text_of(none, tmp_path)
    check_page(text)
    assert "0 of 240 picks kept" in text
    assert "No pick can be kept with so few false ones" in text
    assert "<dd>–</dd>" in text
    unseen = table.assign(probability=np.nan, predicted_class="unjudged", decision=UNJUDGED)
    nan = np.full_like(result.features.embedding, np.nan)
    text = text_of(
        replace(
            none,
            picks=PickSet(unseen, images=result.picks.images),
            features=replace(result.features, embedding=nan),
            labels=None,
            out_of_fold=None,
            views=None,
        ),
        tmp_path,
    )
    check_page(text)
    assert '<div class="alert"><dt>unjudged</dt><dd>240</dd>' in text
    for title in ("Decisions", "Map", "Before and after"):
        assert f"{title}</h2>" not in text


def test_failures_and_micrographs_that_cannot_be_opened_are_named(
    tmp_path: Path, result: PruneResult, images: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    Path(images[3]).write_bytes(b"not an image")
    failures = [Failure(f"bad{n}.mrc", "truncated") for n in range(250)]
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        text = text_of(replace(result, failures=failures), tmp_path)
    assert text.count("truncated") == 200
    assert "and 50 more" in text
    assert "Not shown</h2>" in text
    assert "more could not be shown" in text
    assert images[3] in caplog.text


def test_picks_that_were_never_seen_are_not_drawn_though_a_label_decides_on_them(
    tmp_path: Path, result: PruneResult, rng: np.random.Generator
) -> None:
    table = result.picks.table
    unseen = table["image"] == result.picks.images[0]
    table.loc[unseen, ["probability", "predicted_class", "decision"]] = np.nan, UNJUDGED, UNJUDGED
    table.loc[0, ["predicted_class", "decision"]] = "particle", KEEP
    # Its pixel size is unknown, which would be an error of the whole report.
    Path(result.picks.images[0]).unlink()
    write_micrograph(Path(result.picks.images[0]), rng, pixel_size_A=0.0)
    text = text_of(replace(result, views=None), tmp_path)
    assert f"<dt>unjudged</dt><dd>{PER_IMAGE - 1}</dd>" in text
    assert "Not shown</h2>" not in text


def test_names_and_messages_cannot_inject_html(
    tmp_path: Path, rng: np.random.Generator, check_page: Callable[[str], None]
) -> None:
    image = write_micrograph(tmp_path / HOSTILE.replace("/", "∕"), rng)
    result = made_up_result([image], rng)
    labels = result.labels
    assert labels is not None
    text = text_of(
        replace(
            result,
            failures=[Failure(HOSTILE, HOSTILE)],
            labels=replace(labels, unmatched=(HOSTILE,)),
            provenance={"platform": HOSTILE, "options": {HOSTILE: HOSTILE}},
        ),
        tmp_path,
    )
    check_page(text)
    assert text.count("&lt;script&gt;") >= 6


def test_provenance_is_set_out(made: tuple[PruneResult, str]) -> None:
    _, text = made
    said = dict(re.findall(r"<dt>([\w-]+)</dt><dd><bdi>(.*?)</bdi>", text))
    assert said["Command"] == "nunatak prune &#39;a b.star&#39;"
    assert said["Model"] == "general-pruner (sha256 ab12)"
    assert said["Options"] == "keep fdr 0.05"
    assert said["Cross-validation"] == "loss (1 0.21)"
    assert re.match(r"nunatak \d+\.\d+\.\d+, \d{4}-", said["Report"])


def test_names_are_looked_up_among_the_images_given(
    tmp_path: Path, result: PruneResult, images: list[str]
) -> None:
    renamed = result.picks.table.assign(
        image=[f"job/{Path(name).name}" for name in result.picks.table["image"]]
    )
    elsewhere = replace(result, picks=PickSet(renamed))
    lost = text_of(elsewhere, tmp_path)
    assert lost.count("<img ") == 0
    assert "Not shown</h2>" in lost
    found = text_of(elsewhere, tmp_path, images=images)
    assert found.count("<img ") > 2 * PICKS_SHOWN
    assert found.count("<image ") == 3


def test_only_the_micrographs_shown_are_opened(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = write_micrograph(tmp_path / "m.mrc", rng)
    links = [tmp_path / f"link{n}.mrc" for n in range(100)]
    for link in links:
        link.symlink_to(image)
    opened: list[str] = []

    def counting(path: str, **options: object) -> object:
        opened.append(path)
        return read_micrograph(path, **options)

    from nunatak.reports import pictures

    read_micrograph = pictures.read_micrograph
    monkeypatch.setattr(pictures, "read_micrograph", counting)
    text_of(made_up_result([str(link) for link in links], rng), tmp_path)
    assert len(opened) == len(set(opened)) <= 3 + 2 * 8


def test_particle_images_are_shown_where_there_are_no_micrographs(
    tmp_path: Path, result: PruneResult, rng: np.random.Generator, check_page: Callable[[str], None]
) -> None:
    n = len(result.picks)
    with mrcfile.new(tmp_path / "stack.mrcs") as file:
        file.set_data(rng.normal(size=(n - 1, 20, 20)).astype(np.float32))
        file.set_image_stack()
    table = result.picks.table.assign(
        image=[f"gone/m{row % 3}.mrc" for row in range(n)],
        rlnImageName=[f"{row + 1:06d}@{tmp_path / 'stack.mrcs'}" for row in range(n)],
    )
    stacked = replace(result, picks=PickSet(table), diameter_A=None)
    text = text_of(stacked, tmp_path)
    check_page(text)
    assert text.count("<img ") > 3 * PICKS_SHOWN
    assert "Before and after</h2>" not in text
    assert "Particle diameter" not in text
    (tmp_path / "stack.mrcs").write_bytes(b"not a stack")
    text = text_of(stacked, tmp_path)
    assert text.count("<img ") == 0
    assert "stack.mrcs" in text[text.index("Not shown</h2>") :]


def test_what_cannot_be_reported_is_refused(
    tmp_path: Path, result: PruneResult, rng: np.random.Generator
) -> None:
    with pytest.raises(UsageError, match="report is an HTML file"):
        write_pruning_report(result, tmp_path / "r.star")
    with pytest.raises(UsageError, match="does not state the particle diameter"):
        write_pruning_report(replace(result, diameter_A=None), tmp_path / "r.html")
    image = write_micrograph(tmp_path / "m.mrc", rng, pixel_size_A=0.0)
    unscaled = made_up_result([image], rng)
    with pytest.raises(BadInput, match=r"its pixel size is unknown.*--pixel-size"):
        write_pruning_report(unscaled, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()
    text_of(unscaled, tmp_path, pixel_size_A=2.0)
