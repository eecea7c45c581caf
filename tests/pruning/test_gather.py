from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from nunatak.detection.model import DetectorModel
from nunatak.errors import BadInput
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import relion_star
from nunatak.picks.table import PickSet, empty_table
from nunatak.pruning.embedding import embed
from nunatak.pruning.gather import Gathered, agreement_of, gather_features
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.model import PruningModel
from nunatak.pruning.pick_crops import crops_of_picks

DIAMETER_A = 120.0
CENTRES = np.array([[60.0, 70.0], [150.0, 180.0], [180.0, 60.0], [100.0, 30.0]])


@pytest.fixture(scope="module")
def model() -> PruningModel:
    """A network with fixed random weights: what it says means nothing but never changes."""
    header = PrunerHeader(name="tiny", network=PruningNetworkParameters(width=4))
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = PruningNetwork(**header.network.model_dump())
    return PruningModel(header, network.eval().requires_grad_(requires_grad=False))


def spots(seed: int) -> NDArray[np.float32]:
    """Three dark spots and a place without one, at 3 Å a pixel."""
    rows, columns = np.indices((230, 250))
    image = np.random.default_rng(seed).standard_normal((230, 250))
    for x, y in CENTRES[:3]:
        image -= 3.0 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 8.0**2))
    return image.astype(np.float32)


@pytest.fixture
def picks(tmp_path: Path) -> PickSet:
    """Four picks on each of three micrographs, in an order of their own."""
    tables = []
    for seed in range(3):
        path = tmp_path / f"m{seed}.mrc"
        with mrcfile.new(path) as file:
            file.set_data(spots(seed))
            file.voxel_size = 3.0
        tables.append(
            pd.DataFrame({"image": str(path), "x_px": CENTRES[:, 0], "y_px": CENTRES.T[1]})
        )
    table = pd.concat(tables, ignore_index=True).assign(score=np.arange(12.0))
    return PickSet(table.iloc[np.random.default_rng(0).permutation(12)])


def gather(picks: PickSet, model: PruningModel, **options: object) -> Gathered:
    defaults = {"diameter_A": DIAMETER_A, "workers": 1, "device": "cpu", "precision": "float32"}
    return gather_features(picks, model, **{**defaults, **options})  # type: ignore[arg-type]


def test_every_pick_gets_what_is_known_of_it(
    picks: PickSet, model: PruningModel, blob_detector: DetectorModel
) -> None:
    finished: list[int] = []
    found = gather(picks, model, detector=blob_detector, on_image=finished.append)
    assert found.contrast == "dark"
    assert found.judged.all()
    assert found.failures == []
    assert sum(finished) == 3
    features = found.features
    np.testing.assert_array_equal(features.picker_score, picks.table["score"])
    is_spot = picks.table["y_px"] != 30.0
    assert features.detector_logit[is_spot].min() > features.detector_logit[~is_spot].max() + 2.0
    for part in crops_of_picks(
        picks, diameter_A=DIAMETER_A, spec=model.header.crop, contrast="dark", workers=1
    ):
        expected = embed(model, part.crops, precision="float32", views=4)
        np.testing.assert_allclose(features.embedding[part.rows], expected.embedding, atol=1e-4)
        np.testing.assert_allclose(
            features.log_probability[part.rows], expected.log_probability, atol=1e-4
        )


def test_more_workers_change_nothing(
    picks: PickSet, model: PruningModel, blob_detector: DetectorModel
) -> None:
    alone, both = (gather(picks, model, detector=blob_detector, workers=n).features for n in (1, 2))
    np.testing.assert_allclose(alone.embedding, both.embedding, atol=1e-5)
    np.testing.assert_allclose(alone.detector_logit, both.detector_logit, atol=1e-4)
    assert alone.detector_features is not None
    assert alone.detector_features.std() > 0
    np.testing.assert_allclose(alone.detector_features, both.detector_features, atol=1e-4)


def test_what_cannot_be_judged_stays_unknown(
    picks: PickSet, model: PruningModel, blob_detector: DetectorModel
) -> None:
    lost = Path(picks.images[1])
    lost.unlink()
    finished: list[int] = []
    found = gather(picks, model, detector=blob_detector, contrast="dark", on_image=finished.append)
    missing = (picks.table["image"] == str(lost)).to_numpy()
    np.testing.assert_array_equal(found.judged, ~missing)
    assert sum(finished) == 3
    assert [failure.image for failure in found.failures] == [str(lost)]
    features = found.features
    of_detector = (features.detector_logit, features.detector_features)
    for values in (features.embedding, features.log_probability, *of_detector):
        assert values is not None
        assert np.isnan(values[missing]).all()
        assert np.isfinite(values[~missing]).all()
    assert np.isfinite(features.picker_score).all()


def test_the_detector_need_not_be_asked(picks: PickSet, model: PruningModel) -> None:
    picks.table = picks.table.drop(columns="score")
    found = gather(picks, model, with_detector=False, contrast="light")
    assert found.contrast == "light"
    assert found.judged.all()
    assert np.isnan(found.features.detector_logit).all()
    assert found.features.detector_features is None
    assert np.isnan(found.features.picker_score).all()


def test_particle_images_serve_where_the_micrographs_are_gone(
    picks: PickSet, model: PruningModel, tmp_path: Path
) -> None:
    boxes = np.stack(
        [-spots(0)[y - 35 : y + 35, x - 35 : x + 35] for x, y in ((60, 70), (150, 180))]
    )
    with mrcfile.new(tmp_path / "s.mrcs") as file:
        file.set_data(boxes)
        file.set_image_stack()
        file.voxel_size = 3.0
    for image in picks.images:
        Path(image).unlink()
    table = picks.table.head(2).assign(rlnImageName=["2@s.mrcs", "1@s.mrcs"])
    found = gather(PickSet(table, source=tmp_path / "p.star"), model, contrast="light")
    assert found.judged.all()
    assert np.isnan(found.features.detector_logit).all()
    assert np.isfinite(found.features.embedding).all()


def test_nothing_to_judge_is_an_error(picks: PickSet, model: PruningModel) -> None:
    for image in picks.images:
        Path(image).unlink()
    with pytest.raises(BadInput, match=r"^No pick can be judged:\n  .*m\d.mrc: there is no such"):
        gather(picks, model)
    one = PickSet(picks.table[picks.table["image"] == picks.images[0]])
    with pytest.raises(BadInput, match=r"^[^:]*m\d.mrc: there is no such file"):
        gather(one, model)


def test_no_picks_have_no_features(model: PruningModel) -> None:
    found = gather(PickSet(empty_table()), model)
    assert len(found.features) == len(found.judged) == 0


def test_picks_in_tomograms_are_refused(model: PruningModel) -> None:
    with pytest.raises(BadInput, match="picks in tomograms where picks on micrographs"):
        gather(PickSet(empty_table(3)), model)


@pytest.mark.realdata
def test_the_detector_tells_hand_labelled_picks_apart(
    shared_data: Path, model: PruningModel
) -> None:
    folder = shared_data / "empiar10017"
    files = ("repic_topaz_scored.star", "autopickbc_pos.star", "autopickbc_neg.star")
    sets = [relion_star.read(folder / name, FormatContext()) for name in files]
    image = sets[0].images[0]
    tables = [one.table[one.table["image"] == image].head(60) for one in sets]
    kind = np.repeat(["topaz", "good", "bad"], [len(table) for table in tables])
    picks = PickSet(pd.concat(tables), source=folder / files[0])
    found = gather(picks, model, diameter_A=180.0, views=1)
    assert found.judged.all()
    assert found.contrast == "dark"
    logit = found.features.detector_logit
    # Topaz's list begins with its best picks.
    for right in ("good", "topaz"):
        above = logit[kind == right][:, None] > logit[kind == "bad"][None, :]
        assert above.mean() > 0.95


def test_the_agreement_of_merged_pickers_is_a_feature(
    picks: PickSet, model: PruningModel, blob_detector: DetectorModel
) -> None:
    assert agreement_of(picks) is None
    counts = {"agreement": np.tile([1, 2, 1], 4), "looked": np.tile([2, 2, 1], 4)}
    merged = PickSet(picks.table.assign(**counts, seen_by="a"))
    # A picker that looked alone has nobody to agree with.
    expected = np.tile([0.5, 1.0, np.nan], 4)
    np.testing.assert_array_equal(agreement_of(merged), expected)
    options = {"detector": blob_detector, "contrast": "dark", "with_detector": False}
    plain, judged = (gather(one, model, **options).features for one in (picks, merged))
    np.testing.assert_array_equal(judged.agreement, expected)
    added = judged.matrix().shape[1] - plain.matrix().shape[1]
    assert added == 1


def test_it_is_said_that_particle_images_stand_in_for_micrographs(
    picks: PickSet, model: PruningModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with mrcfile.open(picks.images[0]) as file:
        image = file.data
    with mrcfile.new(tmp_path / "s.mrcs") as file:
        file.set_data(np.stack([image[20:120, 10:110]] * 2))
        file.voxel_size = 3.0
    table = pd.DataFrame({"image": "gone.mrc", "x_px": 60.0, "y_px": 70.0}, index=range(2))
    names = [f"{number}@{tmp_path / 's.mrcs'}" for number in (1, 2)]
    gather(PickSet(table.assign(rlnImageName=names)), model, contrast="dark", with_detector=False)
    assert "none of the micrographs was found (gone.mrc)" in caplog.text
