"""Pruning of picks in tomograms as a function, and what depends on their classes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import nunatak
from nunatak.detection.volumes.pick_tomograms import GENERAL_MODEL
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.picks.table import PickSet
from nunatak.pruning.model import PruningModel
from nunatak.pruning.pick_images import PickImages
from nunatak.pruning.result import PruneResult
from nunatak.pruning.summary import in_words
from nunatak.pruning.volumes.class_diameters import diameters_A
from nunatak.pruning.volumes.kept_by_kind import by_kind, shared_places


def prune(picks: PickSet, model: PruningModel, **options: object) -> PruneResult:
    usual = {"model": model, "views": 1, "device": "cpu", "threads": 1}
    return nunatak.prune(picks, **{**usual, **options})  # type: ignore[arg-type]


@pytest.fixture
def kinds(picks: PickSet) -> PickSet:
    """Of the six picks: three ribosomes, two ferritins, and one without a class or diameter."""
    names = pd.Series(["ribosome", "ribosome", "ferritin", "ferritin", "ribosome", None])
    sizes_A = [100.0, 100.0, 130.0, 130.0, 100.0, np.nan]
    table = picks.table.assign(class_name=names, diameter_A=sizes_A, z_px=18.0)
    return replace(picks, table=table)


def test_diameters_are_those_of_the_classes(kinds: PickSet) -> None:
    with pytest.raises(BadInput, match=r"diameter of 1 of 6 picks is not known .*row 6"):
        diameters_A(kinds)
    assert diameters_A(kinds, 90.0).tolist() == [90.0] * 6
    table = kinds.table.assign(class_name=kinds.table["class_name"].fillna("virus"))
    named = replace(kinds, table=table)
    with pytest.raises(BadInput, match=r"\(class virus\) is not known .* such as --diameter virus"):
        diameters_A(named, {"ribosome": 250.0})
    found = diameters_A(named, {"ribosome": 250.0, "virus": 700.0})
    assert found.tolist() == [250.0, 250.0, 130.0, 130.0, 250.0, 700.0]
    with pytest.raises(
        UsageError, match=r"virus2=90: no pick is of this class.*ferritin, ribosome"
    ):
        diameters_A(named, {"virus2": 90.0})
    with pytest.raises(UsageError, match="-3 Å is no size"):
        diameters_A(named, -3.0)
    images = PickImages.of(named, {"virus": 700.0})
    np.testing.assert_allclose(images.diameter_px, [10, 10, 13, 13, 10, 70])
    assert images.typical_A == 115.0


def test_every_pick_is_judged_and_nothing_is_lost(picks: PickSet, slab_model: PruningModel) -> None:
    result = prune(picks, slab_model)
    assert result.method == "shipped" and result.diameter_A is None
    pd.testing.assert_frame_equal(result.picks.table[picks.table.columns], picks.table)
    assert result.counts["unjudged"] == 2
    assert [failure.image for failure in result.failures] == ["tomograms/a.mrc", "tomograms/b.zarr"]
    assert result.provenance["contrast"] == "dark"
    assert result.provenance["options"]["with_detector"] is False
    # The voxels are the same, and so are the picks.
    pairs = result.logit[:4].reshape(2, 2)
    np.testing.assert_allclose(pairs[:, 0], pairs[:, 1], rtol=1e-3, atol=1e-3)


def test_labels_are_looked_up_in_space_and_a_class_is_no_label(
    kinds: PickSet, slab_model: PruningModel, caplog: pytest.LogCaptureFixture
) -> None:
    table = kinds.table.iloc[[0, 2]].assign(label=["good", "ice"], z_px=[19.0, 17.0])
    result = prune(kinds, slab_model, diameter_A=100.0, labels=PickSet(table))
    assert result.labels is not None
    assert result.labels.row.tolist() == [0, 2]
    assert result.picks.table["predicted_class"].tolist()[::2][:2] == ["particle", "ice"]
    # A label of a class is not of a nearer pick of another, one of an unknown class of any.
    near = table.assign(class_name=["ferritin", "apo"])
    again = prune(kinds, slab_model, diameter_A=100.0, labels=PickSet(near.iloc[1:]))
    assert again.labels is not None and again.labels.row.tolist() == [2]
    assert "no pick is of class apo; what is said there is taken for the nearest" in caplog.text
    with pytest.raises(Mismatch, match=r"None of 1 label fits a pick\. Check that they are of"):
        prune(kinds, slab_model, diameter_A=100.0, labels=PickSet(near.iloc[:1]))
    with pytest.raises(BadInput, match="no column of labels"):
        prune(kinds, slab_model, diameter_A=100.0, labels=PickSet(kinds.table))


def test_the_detector_is_asked_on_demand_alone(
    picks: PickSet, slab_model: PruningModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    class Scores:
        def __init__(self, detector: VolumeModel | str, **_options: object) -> None:
            asked.append(detector)

        def at(self, _tomogram: object, xyz: NDArray[np.float64], *_more: object) -> object:
            return np.arange(len(xyz), dtype=np.float64)

    monkeypatch.setattr("nunatak.pruning.volumes.gather_volumes.VolumeDetectorScores", Scores)
    result = prune(picks, slab_model, with_detector=True)
    assert asked == [GENERAL_MODEL]
    assert result.features.detector_logit[:4].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_what_does_not_exist_in_tomograms_is_refused(
    picks: PickSet, slab_model: PruningModel
) -> None:
    with pytest.raises(UsageError, match="cannot be fine-tuned"):
        prune(picks, slab_model, fine_tune="always")
    with pytest.raises(UsageError, match=r"in tomograms, with z\. Give --tomograms instead"):
        prune(picks, slab_model, micrographs=["folder"])
    flat = PickSet(picks.table.drop(columns="z_px"), source=picks.source)
    with pytest.raises(UsageError, match="judges picks of tomograms, and these are of micrographs"):
        prune(flat, slab_model, diameter_A=100.0)
    with pytest.raises(UsageError, match="as particles of one kind"):
        prune(flat, slab_model, diameter_A={"ribosome": 100.0})


def test_what_is_left_of_each_kind_is_counted(kinds: PickSet, slab_model: PruningModel) -> None:
    result = prune(kinds, slab_model, diameter_A=100.0)
    decided = ["keep", "keep", "keep", "reject", "keep", "unjudged"]
    # In a.mrc rows 0, 2, 4: a ferritin 2.9 voxels off a ribosome, and another ribosome there.
    table = result.picks.table.assign(decision=decided)
    table.loc[2, ["x_px", "y_px", "z_px"]] = 20.0, 26.9, 18.0
    near = replace(result, picks=replace(result.picks, table=table))
    counts = by_kind(table)
    assert list(counts) == ["ribosome", "ferritin", ""]
    assert counts["ferritin"] == {"picks": 2, "keep": 1, "review": 0, "reject": 1, "unjudged": 0}
    assert shared_places(near) == 3
    text = in_words(near)
    assert "Kept of each class: 3 of 3 ribosome, 1 of 2 ferritin, 0 of 1 without a class." in text
    assert "3 kept picks are within 0.3 diameters of a kept pick of another class" in text
    # Nobody gave labels, and the interval knows nothing of how wrong the estimate may be then.
    assert "in tomograms it is often far too hopeful. Give labels." in text
    assert "95 % interval" not in text
    assert "95 % interval" in in_words(replace(near, method="linear"))
    # 0.3 diameters are 3 voxels.
    table.loc[2, "y_px"] = 27.1
    assert shared_places(replace(near, picks=replace(near.picks, table=table))) == 0
