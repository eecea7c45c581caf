"""Pruning as a function, with a classifier of random weights."""

from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
import torch

import nunatak
from nunatak.errors import UsageError
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.picks.selection import chosen
from nunatak.picks.table import PickSet
from nunatak.pruning import conclude
from nunatak.pruning.contradictions import Contradictions
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.decide import NOTHING_KEPT
from nunatak.pruning.fine_tune import rehearse
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from nunatak.pruning.prunable import diameter_of
from nunatak.pruning.result import PruneResult
from nunatak.pruning.summary import in_words
from nunatak.pruning.tuning import is_worth_trying

PLACES = [(x, y) for y in range(30, 240, 45) for x in range(30, 240, 45)]
IS_BLOB = np.arange(len(PLACES)) % 5 < 3


@pytest.fixture(scope="module")
def picks(tmp_path_factory: pytest.TempPathFactory) -> PickSet:
    """Picks on fifteen blobs of 20 pixels and on ten places between them."""
    path = tmp_path_factory.mktemp("mics") / "a.mrc"
    image = np.random.default_rng(5).normal(size=(250, 250))
    y, x = np.mgrid[:250, :250]
    for (x_px, y_px), is_blob in zip(PLACES, IS_BLOB, strict=True):
        image -= 3.0 * is_blob * (np.hypot(x - x_px, y - y_px) < 10)
    with mrcfile.new(path) as file:
        file.set_data(image.astype(np.float32))
        file.voxel_size = 5.0
    table = pd.DataFrame(PLACES, columns=["x_px", "y_px"]).assign(image=str(path), mine="kept")
    return PickSet(table)


@pytest.fixture(scope="module")
def model() -> PruningModel:
    torch.manual_seed(1)
    network = PruningNetworkParameters(width=4)
    header = PrunerHeader(name="tiny", network=network, crop=CropSpec(side_px=32))
    return PruningModel(header, PruningNetwork(**network.model_dump()).eval())


def prune(picks: PickSet, model: PruningModel, **options: object) -> PruneResult:
    usual = {"diameter_A": 100.0, "contrast": "dark", "threads": 1, "with_detector": False}
    return nunatak.prune(picks, model=model, **{**usual, **options})  # type: ignore[arg-type]


def labels(rows: list[int]) -> MatchedLabels:
    names = np.where(IS_BLOB[rows], "particle", "empty").astype(object)
    return MatchedLabels(np.array(rows), names)


def test_without_labels_everything_is_judged_and_nothing_is_lost(
    picks: PickSet, model: PruningModel
) -> None:
    result = prune(picks, model)
    assert result.method == "shipped"
    assert result.labels is None
    assert result.out_of_fold is None
    pd.testing.assert_frame_equal(result.picks.table[picks.table.columns], picks.table)
    assert result.picks.table["probability"].between(0, 1).all()
    assert sum(result.counts.values()) == len(picks)
    np.testing.assert_allclose(result.diameter_px, 20.0)
    order = np.argsort(result.logit)
    assert (np.diff(result.picks.table["probability"].to_numpy()[order]) >= 0).all()


def test_labels_teach_what_random_weights_do_not_know(picks: PickSet, model: PruningModel) -> None:
    rows = [0, 1, 2, 3, 4, 5, 8, 9]
    result = prune(picks, model, labels=labels(rows), keep_fdr=0.2)
    assert result.method == "linear"
    assert result.out_of_fold is not None
    assert result.out_of_fold["row"].tolist() == rows
    assert set(result.cross_validation) == {"strength", "log_loss_by_strength"}
    rest = np.setdiff1d(np.arange(len(picks)), rows)
    probability = result.picks.table["probability"].to_numpy()[rest]
    ranked = probability[IS_BLOB[rest]][:, None] > probability[~IS_BLOB[rest]]
    assert ranked.mean() > 0.8  # 0.5 by chance
    assert result.discovery.at(result.keep_from).rate <= 0.2
    looks = result.picks.table["predicted_class"]
    rejected = looks[result.picks.table["decision"] == "reject"]
    assert (rejected == "empty").mean() > 0.5


def test_what_is_kept_is_selected_whatever_the_picker_had_selected(
    picks: PickSet, model: PruningModel
) -> None:
    by_picker = np.arange(len(picks)) % 2 == 0
    given = replace(picks, table=picks.table.assign(score=0.5, selected=by_picker))
    said = labels([0, 1, 2, 3, 4, 5, 8, 9])
    first = prune(given, model, labels=said)
    is_kept = first.picks.table["decision"] == "keep"
    assert set(is_kept[by_picker]) == set(is_kept[~by_picker]) == {False, True}
    # Pruned again, on other labels, the picker's selection is still there.
    second = prune(first.picks, model, labels=labels([0, 3]))
    for result in (first, second):
        table = result.picks.table
        assert table["selected"].tolist() == (table["decision"] == "keep").tolist()
        assert table["selected_before"].tolist() == by_picker.tolist()
        assert "selected_before2" not in table
    assert len(chosen(first.picks, selected_only=True)) == first.counts["keep"]
    assert "selected" not in prune(picks, model).picks.table


def test_a_table_of_labels_is_matched_and_one_seed_gives_one_result(
    picks: PickSet, model: PruningModel
) -> None:
    table = picks.table.iloc[[0, 3]].assign(label=["good", "bad"])
    one, two = (prune(picks, model, labels=PickSet(table), seed=7) for _ in range(2))
    assert one.labels is not None
    assert one.labels.row.tolist() == [0, 3]
    pd.testing.assert_frame_equal(one.picks.table, two.picks.table)


def test_the_classifier_is_fine_tuned_if_asked(
    picks: PickSet, model: PruningModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rehearse, "__kwdefaults__", {**(rehearse.__kwdefaults__ or {}), "epochs": 2}
    )
    rows = [0, 1, 3, 4]
    result = prune(picks, model, labels=labels(rows), fine_tune="always", loss="two-branch")
    assert result.method == "fine-tuned"
    assert result.cross_validation["fine_tuning_wins"] in (True, False)
    # What judges is the tuned classifier, no longer the one that was given.
    before = prune(picks, model)
    assert not np.allclose(result.features.embedding, before.features.embedding)
    np.testing.assert_array_equal(result.logit, result.features.classifier_logit)
    with pytest.raises(UsageError, match="at least 2 particles and 2 pieces of junk, and there"):
        prune(picks, model, labels=labels([0, 1, 3]), fine_tune="always")


def test_a_label_that_says_duplicate_teaches_nothing_of_pictures(
    picks: PickSet, model: PruningModel
) -> None:
    duplicate = MatchedLabels(np.array([1]), np.array(["duplicate"], dtype=object))
    result, plain = prune(picks, model, labels=duplicate), prune(picks, model)
    assert result.method == "shipped"
    np.testing.assert_array_equal(result.logit, plain.logit)
    table = result.picks.table
    assert (table["predicted_class"][1], table["decision"][1]) == ("duplicate", "reject")


def test_the_diameter_is_that_of_the_picks_if_they_agree(picks: PickSet) -> None:
    sizes = np.full(len(picks), 100.0)
    stated = replace(picks, table=picks.table.assign(diameter_A=sizes))
    assert diameter_of(stated) == 100.0
    assert diameter_of(stated, 90.0) == 90.0
    sizes[0] = 150.0
    mixed = replace(picks, table=picks.table.assign(diameter_A=sizes))
    with pytest.raises(UsageError, match="diameters from 100 to 150 Å"):
        diameter_of(mixed)


def test_the_summary_says_when_nothing_can_be_kept(picks: PickSet, model: PruningModel) -> None:
    result = prune(picks, model)
    nothing = replace(result, keep_from=NOTHING_KEPT)
    assert "No pick can be kept with so few false ones; the best has" in in_words(nothing)
    everything = in_words(replace(result, keep_from=0.0))
    assert "of the kept are false (95 % interval" in everything
    assert "and 100 % of the particles are kept" in everything
    assert "rests on simulations alone and was not checked on these images" in everything
    learned = replace(result, keep_from=0.0, method="linear")
    assert "simulations" not in in_words(learned)


def test_particle_images_are_judged_where_there_are_no_micrographs(
    picks: PickSet, model: PruningModel
) -> None:
    with mrcfile.open(picks.images[0]) as file:
        image = file.data
    boxes = [image[y - 30 : y + 30, x - 30 : x + 30] for x, y in PLACES]
    stack = Path(picks.images[0]).with_name("stack.mrcs")
    with mrcfile.new(stack, overwrite=True) as file:
        file.set_data(np.stack(boxes))
        file.voxel_size = 5.0
    names = [f"{number:06}@{stack}" for number in range(1, len(PLACES) + 1)]
    particles = PickSet(picks.table.assign(image="gone.mrc", rlnImageName=names))
    result = prune(particles, model, labels=labels([0, 1, 3, 4]))
    assert result.picks.table["probability"].notna().all()
    assert np.isnan(result.features.detector_logit).all()
    # Nobody knows the pixel size of a micrograph that is not there.
    assert np.isnan(result.diameter_px).all()


def test_duplicates_are_no_part_of_what_is_kept(picks: PickSet, model: PruningModel) -> None:
    twice = PickSet(pd.concat([picks.table, picks.table], ignore_index=True))
    result = prune(twice, model)
    assert (result.picks.table["predicted_class"] == "duplicate").sum() == len(picks)
    assert result.discovery.kept.max() == len(picks)
    median = float(np.nanmedian(result.picks.table["probability"]))
    kept = result.picks.table.query("probability >= @median and predicted_class != 'duplicate'")
    at = result.discovery.at(median)
    assert at.kept == len(kept)
    assert at.rate == pytest.approx(1 - kept["probability"].mean(), abs=1e-6)


def test_what_labels_decide_is_not_estimated(picks: PickSet, model: PruningModel) -> None:
    everything = list(range(len(PLACES)))
    result = prune(picks, model, labels=labels(everything), fine_tune="never")
    kept = result.discovery.at(result.keep_from)
    assert kept.kept == result.counts["keep"] == IS_BLOB.sum()
    assert kept.rate < 1e-6
    assert kept.found_share == pytest.approx(1.0)


def test_labels_say_which_picks_can_take_a_view_with_them(
    picks: PickSet, model: PruningModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[np.ndarray] = []

    def noted(x: np.ndarray, probability: np.ndarray, *_: object, **__: object) -> None:
        given.append(probability)

    monkeypatch.setattr(conclude, "views_lost", noted)
    missing = picks.table.iloc[[0]].assign(image="gone.mrc")
    both = PickSet(pd.concat([picks.table, missing], ignore_index=True))
    names = np.array(["particle", "empty", "duplicate", "particle"], dtype=object)
    said = MatchedLabels(np.array([0, 3, 4, len(picks)]), names)
    result = prune(both, model, labels=said)
    # What was not seen has no likeness to others.
    np.testing.assert_array_equal(given[0][said.row], [1.0, np.nan, np.nan, np.nan])
    rest = np.setdiff1d(np.arange(len(picks)), said.row)
    np.testing.assert_array_equal(
        given[0][rest], result.picks.table["probability"].to_numpy()[rest]
    )


def test_labels_of_mistakes_alone_are_warned_of(picks: PickSet, model: PruningModel) -> None:
    plain = prune(picks, model).picks.table["probability"].to_numpy()
    order = np.argsort(plain)
    # As of a classifier that parts picks: some surely junk, some surely particles.
    logit = np.where(np.arange(len(picks)) < 10, -6.0, 6.0)
    rows = order[[0, 1, 2, 22, 23, 24]]
    shipped = np.empty(len(picks))
    shipped[order] = logit

    def found(wrong: int) -> Contradictions:
        is_right = np.arange(len(rows)) >= wrong
        says_particle = (shipped[rows] > 0) == is_right
        names = np.where(says_particle, "particle", "junk").astype(object)
        ascending = np.argsort(rows)
        return Contradictions.of(MatchedLabels(rows[ascending], names[ascending]), shipped)

    assert found(4) == Contradictions(6, 4)
    assert found(4).are_many
    assert found(3).are_many
    assert not found(2).are_many
    assert not Contradictions(3, 3).are_many
    result = prune(picks, model, labels=labels([0, 1, 3, 4]))
    assert "contradict" not in in_words(replace(result, contradictions=found(2)))
    assert "Take care: 4 of 6 labels contradict the judgement without labels. If it" in in_words(
        replace(result, contradictions=found(4))
    )


def test_too_few_kept_make_doubt_the_labels_first(picks: PickSet, model: PruningModel) -> None:
    def doubted(result: PruneResult) -> str:
        nothing = result.picks.table.assign(decision="reject")
        return in_words(replace(result, picks=replace(result.picks, table=nothing)))

    assert "check the diameter" in doubted(prune(picks, model))
    assert "check the labels, the diameter" in doubted(prune(picks, model, labels=labels([0, 3])))


def test_fine_tuning_is_tried_with_enough_labels_and_not_with_thousands() -> None:
    def tried(n: int) -> bool:
        names = np.array(["particle", "ice"] * (n // 2), dtype=object)
        return is_worth_trying(MatchedLabels(np.arange(n), names), "auto")

    assert [tried(n) for n in (18, 20, 2000, 2002)] == [False, True, True, False]
