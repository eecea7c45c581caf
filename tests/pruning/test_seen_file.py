"""What was seen of picks is kept, and taken from the file only where it answers what is asked."""

import os
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
import torch

import nunatak
from nunatak.errors import BadInput, UsageError
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.picks.table import PickSet
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from nunatak.pruning.result import PruneResult
from nunatak.pruning.tuning import Seeing

LABELS = MatchedLabels(
    np.array([0, 1, 2, 3]), np.array(["particle", "empty", "particle", "empty"], dtype=object)
)


@pytest.fixture
def picks(tmp_path: Path) -> PickSet:
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as file:
        file.set_data(np.random.default_rng(0).normal(size=(120, 160)).astype(np.float32))
        file.voxel_size = 5.0
    places = [(x, y) for y in range(30, 100, 20) for x in range(30, 140, 20)]
    return PickSet(pd.DataFrame(places, columns=["x_px", "y_px"]).assign(image=str(path)))


@pytest.fixture(scope="module")
def model() -> PruningModel:
    torch.manual_seed(1)
    network = PruningNetworkParameters(width=4)
    header = PrunerHeader(name="tiny", network=network, crop=CropSpec(side_px=32))
    return PruningModel(header, PruningNetwork(**network.model_dump()).eval())


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the picks are looked at."""
    counted: list[int] = []
    gather = Seeing.gather

    def counting(self: Seeing, picks: PickSet, *others: object, **options: object) -> object:
        counted.append(len(picks))
        return gather(self, picks, *others, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Seeing, "gather", counting)
    return counted


def prune(picks: PickSet, model: PruningModel, seen: Path, **options: object) -> PruneResult:
    usual = {"diameter_A": 100.0, "contrast": "dark", "threads": 1, "with_detector": False}
    return nunatak.prune(picks, model=model, seen=seen, **{**usual, **options})  # type: ignore[arg-type]


def test_other_labels_need_no_second_look_and_change_nothing_else(
    picks: PickSet, model: PruningModel, looks: list[int], tmp_path: Path
) -> None:
    def asked(path: Path, **options: object) -> PruneResult:
        return prune(picks, model, path, with_detector=True, **options)

    seen = tmp_path / "seen.safetensors"
    first, again = asked(seen), asked(seen)
    taught = asked(seen, labels=LABELS, keep_fdr=0.3)
    assert looks == [len(picks)]
    pd.testing.assert_frame_equal(first.picks.table, again.picks.table)
    assert again.features.detector_features is not None
    np.testing.assert_array_equal(
        again.features.detector_features, first.features.detector_features
    )
    fresh = asked(tmp_path / "other.safetensors", labels=LABELS, keep_fdr=0.3)
    pd.testing.assert_frame_equal(taught.picks.table, fresh.picks.table)
    assert taught.provenance["contrast"] == fresh.provenance["contrast"]


def test_anything_that_changes_what_is_seen_asks_for_another_look(
    picks: PickSet, model: PruningModel, looks: list[int], tmp_path: Path
) -> None:
    seen = tmp_path / "seen.safetensors"
    prune(picks, model, seen)
    moved = replace(picks, table=picks.table.assign(x_px=picks.table["x_px"] + 1))
    scored = replace(picks, table=picks.table.assign(score=0.5))
    for changed in (moved, scored):
        prune(changed, model, seen)
    prune(scored, model, seen, diameter_A=120.0)
    prune(scored, model, seen, diameter_A=120.0, contrast="light")
    other = PruningModel(model.header, PruningNetwork(width=4).eval())
    prune(scored, other, seen, diameter_A=120.0, contrast="light")
    image = Path(str(picks.images[0]))
    os.utime(image, ns=(1, 1))
    prune(scored, other, seen, diameter_A=120.0, contrast="light")
    assert len(looks) == 7
    prune(scored, other, seen, diameter_A=120.0, contrast="light")
    assert len(looks) == 7


def test_another_pixel_size_in_the_list_asks_for_another_look(
    picks: PickSet, model: PruningModel, looks: list[int], tmp_path: Path
) -> None:
    path = Path(str(picks.images[0]))
    with mrcfile.open(path, mode="r+") as file:
        file.voxel_size = 0.0
    seen = tmp_path / "seen.safetensors"

    def asked(pixel_size_A: float) -> PruneResult:
        listed = MicrographList((ListedMicrograph(path, str(path), pixel_size_A),))
        return prune(picks, model, seen, micrographs=listed)

    one, two = asked(5.0), asked(7.0)
    assert len(looks) == 2
    assert not np.allclose(one.features.embedding, two.features.embedding)
    asked(7.0)
    assert len(looks) == 2


def test_failures_are_told_again(
    picks: PickSet, model: PruningModel, looks: list[int], tmp_path: Path
) -> None:
    seen = tmp_path / "seen.safetensors"
    missing = pd.DataFrame({"image": ["gone.mrc"], "x_px": [1.0], "y_px": [1.0]})
    both = PickSet(pd.concat([picks.table, missing]))
    assert [one.image for one in prune(both, model, seen).failures] == ["gone.mrc"]
    assert [one.image for one in prune(both, model, seen).failures] == ["gone.mrc"]
    assert len(looks) == 1


def test_a_file_of_something_else_is_never_replaced(
    picks: PickSet, model: PruningModel, looks: list[int], tmp_path: Path
) -> None:
    foreign = tmp_path / "model.safetensors"
    foreign.write_bytes(b"mine")
    with pytest.raises(UsageError, match="does not hold what nunatak saw"):
        prune(picks, model, foreign)
    assert foreign.read_bytes() == b"mine"
    with pytest.raises(UsageError, match=r"ends in \.safetensors"):
        prune(picks, model, tmp_path / "seen.npz")
    assert looks == []


def test_a_cut_file_is_not_taken_for_an_answer(
    picks: PickSet, model: PruningModel, tmp_path: Path
) -> None:
    seen = tmp_path / "seen.safetensors"
    prune(picks, model, seen)
    seen.write_bytes(seen.read_bytes()[:-10])
    with pytest.raises((UsageError, BadInput), match=r"seen\.safetensors"):
        prune(picks, model, seen)
