"""From picks in tomograms to features: every row its own pick, failures counted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from nunatak.errors import BadInput, UsageError
from nunatak.images.write_volume import write_mrc_volume
from nunatak.picks.table import PickSet, empty_table
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.embedding import embed
from nunatak.pruning.header import PrunerHeader
from nunatak.pruning.model import PruningModel, load_pruner, save_pruner
from nunatak.pruning.volumes import held_voxels
from nunatak.pruning.volumes.gather_volumes import gather_volume_features
from nunatak.pruning.volumes.pick_slabs import TomogramCutter
from nunatak.pruning.volumes.slab_embedding import SlabEmbedder
from nunatak.pruning.volumes.slab_spec import SlabSpec
from nunatak.pruning.volumes.slab_views import slab_view
from nunatak.pruning.volumes.slabs import cut_slabs

INSIDE = [0, 1, 2, 3]


def test_every_row_is_judged_by_its_own_slabs(
    picks: PickSet, slab_model: PruningModel, voxels: NDArray[np.float32]
) -> None:
    advanced: list[int] = []
    gathered = gather_volume_features(
        picks, slab_model, views=1, precision="float32", on_image=advanced.append
    )
    assert gathered.judged.tolist() == [True] * 4 + [False] * 2
    spec = slab_model.header.crop
    assert isinstance(spec, SlabSpec)
    diameter_px = picks.table["diameter_A"].to_numpy()[INSIDE] / 10.0
    slabs = cut_slabs(voxels, picks.positions_px[INSIDE], diameter_px, spec)
    expected = embed(slab_model, slabs, views=1, device="auto", precision="float32")
    found = gathered.features
    np.testing.assert_allclose(found.embedding[INSIDE], expected.embedding, atol=1e-5)
    np.testing.assert_allclose(found.log_probability[INSIDE], expected.log_probability, atol=1e-5)
    assert np.isnan(found.detector_logit).all() and np.isnan(found.embedding[4:]).all()
    assert found.picker_score.tolist() == list(range(6))
    assert sum(advanced) == 2
    for failure, image in zip(gathered.failures, ("a.mrc", "b.zarr"), strict=True):
        assert image in failure.image and "1 of 3 picks lie outside the tomogram" in failure.reason


def test_tomograms_in_chunks_need_not_fit_into_memory(
    picks: PickSet, slab_model: PruningModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = gather_volume_features(picks, slab_model, views=1)
    monkeypatch.setattr(held_voxels, "HELD_BYTES", 0)
    piecewise = gather_volume_features(picks, slab_model, views=1)
    np.testing.assert_array_equal(held.features.embedding, piecewise.features.embedding)


def test_light_particles_and_one_diameter_for_all(
    picks: PickSet, slab_model: PruningModel, voxels: NDArray[np.float32], tmp_path: Path
) -> None:
    plain = gather_volume_features(picks, slab_model, diameter_A=100.0, views=1)
    write_mrc_volume(tmp_path / "tomograms" / "a.mrc", 3.0 - 2.0 * voxels, 10.0)
    light = gather_volume_features(picks, slab_model, diameter_A=100.0, contrast="light", views=1)
    first = picks.table["image"].str.endswith("a.mrc").to_numpy() & plain.judged
    np.testing.assert_allclose(
        light.features.embedding[first], plain.features.embedding[first], rtol=0.02, atol=0.02
    )
    assert light.contrast == "light"


def test_names_are_looked_up_in_a_folder_and_missing_ones_counted(
    picks: PickSet, slab_model: PruningModel, tmp_path: Path
) -> None:
    table = picks.table.assign(image=["a", "a", "a", "c", "c", "c"], z_px=10.0)
    gathered = gather_volume_features(
        PickSet(table), slab_model, views=1, tomograms=[tmp_path / "tomograms"]
    )
    assert gathered.judged.tolist() == [True] * 3 + [False] * 3
    assert [failure.image for failure in gathered.failures] == ["c"]
    lost = PickSet(picks.table.assign(image="nowhere.mrc"))
    with pytest.raises(BadInput, match=r"nowhere.mrc: there is no such tomogram\. Give the folder"):
        gather_volume_features(lost, slab_model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"diameter_A": [np.nan] + [90.0] * 5}, r"diameter of 1 of 6 .* row 1\).*--diameter"),
        ({"pixel_size_A": [10.0, 10.0, 13.0, 13.0, 10.0, 10.0]}, "two voxel sizes in the lists"),
        ({"diameter_A": 30.0}, "3 of 3 picks are not judged: a particle of 30 Å spans 3 voxels"),
    ],
)
def test_what_is_wrong_with_the_picks_is_said(
    picks: PickSet, slab_model: PruningModel, changes: dict[str, object], message: str
) -> None:
    wrong = PickSet(picks.table.assign(**changes), source=picks.source)
    with pytest.raises(BadInput, match=message):
        gather_volume_features(wrong, slab_model)


def test_picks_on_micrographs_and_models_for_them_are_refused(
    picks: PickSet, slab_model: PruningModel
) -> None:
    with pytest.raises(BadInput, match="picks in tomograms were expected"):
        TomogramCutter(PickSet(empty_table(2)), spec=SlabSpec())
    flat = replace(slab_model, header=PrunerHeader(name="flat"))
    with pytest.raises(UsageError, match="flat judges picks on micrographs"):
        gather_volume_features(picks, flat)


def test_views_are_averaged(slab_model: PruningModel, rng: np.random.Generator) -> None:
    slabs = rng.standard_normal((3, 6, 32, 32), dtype=np.float32)
    found = SlabEmbedder(slab_model, views=4, precision="float32")(slabs)
    each = [
        embed(
            slab_model, slab_view(torch.from_numpy(slabs), i).numpy(), views=1, precision="float32"
        )
        for i in range(4)
    ]
    mean = np.mean([np.exp(one.log_probability) for one in each], axis=0)
    np.testing.assert_allclose(np.exp(found.log_probability), mean, rtol=1e-4)
    mean = np.mean([one.embedding for one in each], axis=0)
    np.testing.assert_allclose(found.embedding, mean, rtol=1e-4, atol=1e-6)
    with pytest.raises(UsageError, match="1 to 8 views, not 9"):
        SlabEmbedder(slab_model, views=9)


def test_a_model_of_slabs_comes_back_from_its_file(
    slab_model: PruningModel, tmp_path: Path
) -> None:
    save_pruner(slab_model, tmp_path / "slabs.safetensors")
    loaded = load_pruner(tmp_path / "slabs.safetensors")
    assert loaded.header == slab_model.header
    assert isinstance(loaded.header.crop, SlabSpec)
    assert loaded.header.crop.thickness_diameters == 0.4


def test_headers_of_micrographs_stay_valid_and_mixed_ones_are_refused() -> None:
    fields = {"name": "old", "crop": {"side_px": 32}}
    old = PrunerHeader.model_validate(fields)
    assert old.ndim == 2 and type(old.crop) is CropSpec
    six = {"name": "new", "network": {"in_channels": 6}}
    with pytest.raises(ValidationError, match="does not suit picks in 2 dimensions"):
        PrunerHeader(name="mixed", crop=SlabSpec(), network={"in_channels": 6})  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="does not suit picks in 3 dimensions"):
        PrunerHeader.model_validate({**six, "ndim": 3})
    with pytest.raises(ValidationError, match="thick"):
        PrunerHeader.model_validate({**six, "ndim": 3, "crop": {"thickness_diameters": -1}})
    assert PrunerHeader.model_validate({**six, "ndim": 3, "crop": {}}).crop == SlabSpec()
