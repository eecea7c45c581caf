"""What a pruning in the page is given, and how it is accounted for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.picks.table import PickSet
from nunatak.pruning.decide import DUPLICATE_WITHIN, NOTHING_KEPT, duplicates
from nunatak.pruning.false_discovery import DiscoveryCurve
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.result import PruneResult
from nunatak.pruning.volumes.class_diameters import diameters_A
from nunatak.server.bodies.runs import PruneAsked
from nunatak.server.review.loading import load
from nunatak.server.runs import pruning
from nunatak.server.runs.progress_file import ProgressFile
from nunatak.server.runs.pruning_account import pruning_account
from nunatak.server.runs.work import Work
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import add_images, images_of, set_image_facts
from nunatak.workspace.marks import Labels, Point, Region
from nunatak.workspace.pick_sets import add_pick_set, pick_set_of
from nunatak.workspace.picks import save_image_picks
from nunatak.workspace.project import ParticleClass, create_project
from nunatak.workspace.runs import add_run


class Asked(Exception):
    """Stands for the pruning itself, which is tried elsewhere."""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A project of one tomogram; set 1 has picks of two classes 3 voxels apart, and two alone."""
    classes = [
        ParticleClass(name="ribosome", diameter_A=300.0),
        ParticleClass(name="apo", diameter_A=120.0),
    ]
    path = tmp_path / "tomogram.mrc"
    with create_project(tmp_path / "project", ndim=3, classes=classes, user="ada") as made:
        add_images(made, [ListedMicrograph(path, str(path))])
        image = images_of(made)[0].id
        set_image_facts(made, image, shape=(64, 256, 256), pixel_size_A=10.0)
        add_pick_set(made, name="two", threshold=0.5, classes=["ribosome", "apo"])
        x = np.array([50.0, 53.0, 150.0, 155.0])
        found = NewCandidates(
            x_px=x,
            y_px=np.full(4, 50.0),
            z_px=np.full(4, 20.0),
            score=np.array([0.9, 0.8, 0.7, 0.6]),
            class_index=np.array([0, 1, 0, 1]),
        )
        save_image_picks(made, 1, image, found)
        yield made


def given(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> tuple[PickSet, dict[str, Any]]:
    """What a pruning of set 1 is called with."""
    calls = []

    def caught(picks: PickSet, **options: Any) -> None:
        calls.append((picks, options))
        raise Asked

    monkeypatch.setattr(pruning, "prune_picks", caught)
    order = PruneAsked(kind="prune", pick_set=1)
    run = add_run(workspace, kind="prune", name="p", asked=order.model_dump(), user="ada")
    with ProgressFile(workspace.run_folder(run.id)) as progress, pytest.raises(Asked):
        pruning.prune(Work(workspace, run, progress, lambda: True), order)
    return calls[0]


def test_each_class_in_tomograms_has_its_own_size(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    picks, options = given(workspace, monkeypatch)
    sizes_A = diameters_A(picks, options["diameter_A"])
    assert sizes_A.tolist() == [300.0, 120.0, 300.0, 120.0]
    radius_px = DUPLICATE_WITHIN * sizes_A / 10.0
    probability = np.array([0.9, 0.8, 0.7, 0.6])
    assert not duplicates(picks.table, probability, radius_px).any()


def test_what_was_seen_is_kept_in_the_cache(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.cache.mkdir(exist_ok=True)
    damaged = workspace.cache / "picks-1.safetensors"
    damaged.write_bytes(b"half of a fi")
    _, options = given(workspace, monkeypatch)
    assert (options["seen"], options["fine_tune"]) == (damaged, "never")
    assert not damaged.exists(), "it could not be read, and is made again"


def test_a_second_pick_of_a_labelled_particle_is_no_junk(workspace: Workspace) -> None:
    corners = [[0.0, 0.0], [152.0, 0.0], [152.0, 100.0], [0.0, 100.0]]
    region = Region(id="region-1", kind="complete", outline=corners, z_low=0.0, z_high=63.0)
    particle = Point(
        id="particle-1", kind="particle", x=50.0, y=50.0, z=20.0, class_name="ribosome"
    )
    (image,) = images_of(workspace)
    said = Labels(image=image.id, version=1, points=[particle], regions=[region])
    columns = load(workspace, pick_set_of(workspace, 1), [said])
    shares = {"ribosome": 1.0, "apo": 0.4}
    labels = pruning._labels(columns, np.arange(4), [said], {image.id: 15.0}, shares)
    assert labels is not None
    # The one at 155 lies outside the region, and nobody said anything about it.
    assert dict(zip(labels.row.tolist(), labels.class_name.tolist(), strict=True)) == {
        0: "particle",
        1: "duplicate",
        2: "junk",
    }


@pytest.fixture
def result() -> PruneResult:
    """Ten candidates: six kept at a rate of 2 %, three to review, one rejected."""
    one = np.array([0.8])
    curve = DiscoveryCurve(one, np.array([6]), 0.02 * one / one, 0.01 * one, 0.05 * one, one)
    decision = ["keep"] * 6 + ["review"] * 3 + ["reject"]
    table = pd.DataFrame({"image": "a", "x_px": 0.0, "y_px": 0.0, "decision": decision})
    return PruneResult(
        picks=PickSet(table),
        logit=np.zeros(10),
        features=None,
        diameter_A=None,
        keep_from=0.8,
        reject_below=0.2,
        discovery=curve,
        views=None,
        labels=None,
        out_of_fold=None,
        method="shipped",
    )


def test_the_share_of_junk_is_said_with_its_interval(result: PruneResult) -> None:
    bound = pruning_account(result, None, keep_fdr=0.02)
    assert bound.startswith(
        "6 candidates kept, 3 worth a look and left out until you keep them, 1 rejected. "
        "Of the kept, an estimated 2.0 % are junk (95 % interval 0.8 to 4.0 %). "
        "The estimate rests on simulations alone and was not checked on these images. If the rate "
        "matters, give a few labels of both kinds. "
        "Judged without your word: keep or reject 10 candidates or more"
    )
    assert "left out" not in pruning_account(result, None, keep_fdr=None)
    volumes = replace(result, picks=PickSet(result.picks.table.assign(z_px=0.0)))
    assert "are junk. The estimate rests" in pruning_account(volumes, None, keep_fdr=0.02)
    nothing = pruning_account(replace(result, keep_from=NOTHING_KEPT), None, keep_fdr=0.001)
    assert "So little junk cannot be had here" in nothing


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "Learned from 1 candidate that you judged, which is little: keep or reject 10"),
        (12, "Learned from 12 candidates that you judged."),
    ],
)
def test_few_labels_are_taken_and_said_to_be_few(
    result: PruneResult, count: int, words: str
) -> None:
    labels = MatchedLabels(np.arange(count), np.array(["particle"] * count, dtype=object))
    assert words in pruning_account(result, labels, keep_fdr=None)
