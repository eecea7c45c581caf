"""Fine-tuning the classifier on labels, and when to."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.objectives.two_branch import USUAL_WEIGHTS, MultiLossWeights
from nunatak.pruning.classes import SEEN_CLASSES
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.embedding import embed
from nunatak.pruning.fine_tune import (
    class_indices,
    fine_tune,
    fine_tune_wins,
    log_losses,
    rehearse,
)
from nunatak.pruning.fine_tune_epochs import BACKBONE_RATE, HEAD_RATE, trained
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.model import PruningModel

SIDE = 32
PARTICLE, ICE, CARBON = (SEEN_CLASSES.index(name) for name in ("particle", "ice", "carbon"))


@pytest.fixture(scope="module")
def model() -> PruningModel:
    torch.manual_seed(0)
    parameters = PruningNetworkParameters(width=4)
    header = PrunerHeader(name="tiny", network=parameters, crop=CropSpec(side_px=SIDE))
    network = PruningNetwork(**parameters.model_dump()).eval()
    # As models come from files.
    return PruningModel(header, network.requires_grad_(requires_grad=False))


def labelled(each: int = 8, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Dark discs are particles, bright ones ice."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    disc = np.where(np.hypot(x, y) < 8, 4.0, 0.0)
    target = np.repeat([PARTICLE, ICE], each).astype(np.int64)
    sign = np.where(target == PARTICLE, -1.0, 1.0)
    crops = sign[:, None, None, None] * disc + rng.normal(0, 0.5, (2 * each, 2, SIDE, SIDE))
    return crops.astype(np.float32), target


def particle_share(model: PruningModel, crops: NDArray[np.float32]) -> NDArray[np.float64]:
    judged = embed(model, crops, precision="float32").log_probability
    return np.exp(judged[:, PARTICLE].astype(np.float64))


@pytest.mark.parametrize("loss", ["ce", "two-branch", "full"])
def test_a_few_labels_teach_what_a_particle_is(model: PruningModel, loss: Any) -> None:
    before = {name: one.clone() for name, one in model.network.state_dict().items()}
    crops, target = labelled()
    tuned = fine_tune(model, crops, target, loss=loss, epochs=8, seed=1)
    fresh, truth = labelled(seed=5)
    share = particle_share(tuned, fresh)
    assert share[truth == PARTICLE].min() > share[truth == ICE].max()
    after = tuned.network.state_dict()
    assert not torch.equal(after["second.weight"], before["second.weight"])
    for name, one in model.network.state_dict().items():
        torch.testing.assert_close(one, before[name], rtol=0, atol=0)
    # Statistics of a few crops are no statistics.
    torch.testing.assert_close(
        after["backbone.bn1.running_mean"], before["backbone.bn1.running_mean"]
    )
    told = tuned.header.provenance["fine_tuning"]
    weights = USUAL_WEIGHTS.model_dump()
    assert told == {"loss": loss, "weights": weights, "seed": 1, "epochs": 8, "labels": 16}


def test_one_seed_one_model(model: PruningModel) -> None:
    crops, target = labelled(4)
    weights = [
        fine_tune(model, crops, target, epochs=2, seed=seed).network.state_dict()["first.weight"]
        for seed in (3, 3, 4)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_weights_of_the_loss_are_used_and_told(model: PruningModel) -> None:
    crops, target = labelled(4)
    usual, other, published = (
        fine_tune(model, crops, target, loss=loss, weights=weights, epochs=1)
        for loss, weights in (
            ("full", USUAL_WEIGHTS),
            ("full", MultiLossWeights(consistency=0, contrastive=0)),
            ("two-branch", USUAL_WEIGHTS),
        )
    )
    name = "backbone.conv1.weight"
    of_other = other.network.state_dict()[name]
    assert not torch.equal(of_other, usual.network.state_dict()[name])
    # Without the terms that they do not share, both losses are one.
    torch.testing.assert_close(of_other, published.network.state_dict()[name])
    assert other.header.provenance["fine_tuning"]["weights"]["consistency"] == 0


def test_the_head_learns_faster_than_the_backbone_and_late_stages_than_early_ones(
    model: PruningModel,
) -> None:
    crops, target = labelled(4)
    network = next(trained(model, crops, target, loss="full", seed=0, epochs=5, device="cpu"))
    before = model.network.state_dict()
    # The first step of Adam moves a weight by its rate, whatever the gradient's size.
    moved = {
        name: float((one - before[name]).abs().max())
        for name, one in network.state_dict().items()
        if one.is_floating_point()
    }
    assert moved["first.weight"] == pytest.approx(HEAD_RATE, rel=0.1)
    assert moved["compress.0.weight"] == pytest.approx(HEAD_RATE, rel=0.1)
    assert moved["backbone.layer4.1.conv2.weight"] == pytest.approx(BACKBONE_RATE, rel=0.1)
    assert moved["backbone.layer3.0.conv1.weight"] == pytest.approx(0.8 * BACKBONE_RATE, rel=0.1)
    assert moved["backbone.conv1.weight"] == pytest.approx(0.8**4 * BACKBONE_RATE, rel=0.1)


def test_with_cross_entropy_the_second_branch_leaves_the_backbone_alone(
    model: PruningModel,
) -> None:
    crops, target = labelled(4)
    other = PruningModel(model.header, PruningNetwork(width=4).eval())
    other.network.load_state_dict(model.network.state_dict())
    with torch.no_grad():
        other.network.second.weight.mul_(-3)
    first, second = (
        fine_tune(one, crops, target, loss="ce", epochs=2).network.state_dict()
        for one in (model, other)
    )
    same = "backbone.layer1.0.conv1.weight"
    assert torch.equal(first[same], second[same])
    assert not torch.equal(first["compress.0.weight"], second["compress.0.weight"])


def test_ignored_labels_change_nothing(model: PruningModel) -> None:
    crops, target = labelled(4)
    more = np.concatenate([crops, crops[:2]])
    results = [
        fine_tune(model, images, index, epochs=2).network.state_dict()["first.weight"]
        for images, index in ((crops, target), (more, np.append(target, [-1, -1])))
    ]
    assert torch.equal(*results)


def test_a_rehearsal_judges_labels_that_it_has_not_seen(model: PruningModel) -> None:
    crops, target = labelled(10)
    fold = np.arange(20) // 5 % 2
    rehearsal = rehearse(model, crops, target, fold, epochs=5, seed=2)
    assert rehearsal.log_loss.shape == (5,)
    assert rehearsal.stop_after == rehearsal.log_loss.argmin() + 1
    assert rehearsal.log_loss[-1] < rehearsal.log_loss[0]
    assert ((rehearsal.logit > np.median(rehearsal.logit)) == (target == PARTICLE)).all()
    # A label may be wrong: what it is judged as does not depend on it.
    wrong = target.copy()
    wrong[0] = ICE
    right, again = (rehearse(model, crops, one, fold, epochs=1).logit for one in (target, wrong))
    assert (right[fold == fold[0]] == again[fold == fold[0]]).all()
    assert (right[fold != fold[0]] != again[fold != fold[0]]).all()


def test_training_stops_where_it_is_told_to(model: PruningModel) -> None:
    crops, target = labelled(4)
    states = trained(model, crops, target, loss="full", seed=0, epochs=4, device="cpu")
    second = [state.first.weight.detach().clone() for state in states][1]
    stopped = fine_tune(model, crops, target, epochs=4, stop_after=2)
    assert torch.equal(stopped.network.first.weight, second)
    with pytest.raises(BadInput, match="stop after 5 of 4 epochs"):
        fine_tune(model, crops, target, epochs=4, stop_after=5)


def test_fine_tuning_must_win_clearly() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 2 == 0
    sign = np.where(truth, 1.0, -1.0)
    linear = sign * 1.0
    assert fine_tune_wins(sign * 3.0, linear, truth)
    assert not fine_tune_wins(linear + 0.01 * sign, linear, truth)
    # Better on average, by luck on a few.
    lucky = linear + sign * rng.normal(0.3, 4.0, 40)
    gain = log_losses(linear, truth) - log_losses(lucky, truth)
    assert not fine_tune_wins(lucky, linear, truth, margin=gain.mean() - 1e-3)
    assert not fine_tune_wins(sign[:1] * 9.0, linear[:1], truth[:1])


def test_junk_without_a_name_is_what_it_looks_like() -> None:
    share = np.full((5, len(SEEN_CLASSES)), 0.01, np.float32)
    share[:, PARTICLE] = 0.9
    share[0, CARBON] = 0.05
    names = np.array(["junk", "particle", "ice", "duplicate", "carbon"])
    index = class_indices(names, np.log(share), SEEN_CLASSES)
    assert index.tolist() == [CARBON, PARTICLE, ICE, -1, CARBON]
    assert index.dtype == np.int64
    with pytest.raises(BadInput, match="no class frost, only particle, ice"):
        class_indices(np.array(["frost"]), np.log(share[:1]), SEEN_CLASSES)


def test_labels_that_teach_nothing_are_refused(model: PruningModel) -> None:
    crops, target = labelled(4)
    with pytest.raises(BadInput, match=r"at least one particle and one piece of junk"):
        fine_tune(model, crops[:4], target[:4])
    with pytest.raises(BadInput, match=r"one for each of 7 labels"):
        fine_tune(model, crops, target[:7])
    with pytest.raises(BadInput, match=r"8 classes; none has the number 8"):
        fine_tune(model, crops, np.where(target == ICE, 8, target))
    with pytest.raises(BadInput, match=r"at least two folds"):
        rehearse(model, crops, target, np.zeros(8, np.int64))
