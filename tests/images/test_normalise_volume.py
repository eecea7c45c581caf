"""The grey scale of tomograms: one for all parts, and not that of what does not belong there."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.images import normalise_volume
from nunatak.images.normalise_volume import VolumeScale, volume_scale
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.images.write_volume import write_mrc_volume


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(50.0, 4.0, shape).astype(np.float32)


def written(path: Path, volume: NDArray[np.generic]) -> Path:
    write_mrc_volume(path, volume, 10.0)
    return path


def test_slabs_have_the_scale_of_the_whole(tmp_path: Path) -> None:
    tomogram = read_tomogram(written(tmp_path / "t.mrc", noise(21, 40, 33)))
    scale = volume_scale(tomogram)
    whole = scale.applied(tomogram.slab(0, 21))
    assert whole.dtype == np.float32
    parts = [scale.applied(slab) for _, slab in tomogram.slabs(4)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert whole.mean() == pytest.approx(0.0, abs=0.02)
    assert whole.std() == pytest.approx(1.0, abs=0.02)


def test_units_and_offsets_do_not_matter(tmp_path: Path) -> None:
    volume = noise(16, 24, 20)
    scales = [
        volume_scale(read_tomogram(written(tmp_path / f"{number}.mrc", changed)))
        for number, changed in enumerate([volume, 1e-3 * volume - 7])
    ]
    np.testing.assert_allclose(
        scales[1].applied(1e-3 * volume - 7), scales[0].applied(volume), atol=2e-3
    )


def test_inversion_exchanges_dark_and_light() -> None:
    volume = noise(8, 9, 10)
    scale = VolumeScale.of_sample(volume)
    np.testing.assert_array_equal(scale.applied(volume, inverted=True), -scale.applied(volume))
    opposite = VolumeScale.of_sample(-volume)
    np.testing.assert_allclose(
        opposite.applied(-volume, inverted=True), scale.applied(volume), atol=1e-4
    )


def test_gold_beads_do_not_decide_the_scale() -> None:
    volume = noise(40, 40, 40)
    plain = VolumeScale.of_sample(volume)
    gold = volume.copy()
    gold[10:13, 20:23, 5:8] = -5000.0  # 0.04 % of the voxels
    scale = VolumeScale.of_sample(gold)
    assert gold.std() > 20 * volume.std()
    assert scale.deviation == pytest.approx(plain.deviation, rel=0.02)
    assert scale.mean == pytest.approx(plain.mean, abs=0.05)
    assert scale.applied(gold).min() > -4.0


def test_integers_are_scaled_as_floats_are() -> None:
    volume = np.round(noise(6, 7, 8)).astype(np.int16)
    scale = VolumeScale.of_sample(volume)
    assert np.array_equal(scale.applied(volume), scale.applied(volume.astype(np.float32)))


def test_a_sample_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "t.mrc", noise(40, 60, 60))
    exact = volume_scale(read_tomogram(path))
    monkeypatch.setattr(normalise_volume, "SAMPLED_VOXELS", 4000)
    sampled = volume_scale(read_tomogram(path))
    assert sampled != exact
    assert sampled.mean == pytest.approx(exact.mean, abs=0.3)
    assert sampled.deviation == pytest.approx(exact.deviation, rel=0.05)


def test_a_blank_volume_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"All values of the volume are 3: nothing is in it"):
        VolumeScale.of_sample(np.full((4, 4, 4), 3.0))
    volume = np.full((20, 30, 30), 3.0, np.float32)
    volume[0, 0, 0] = 4.0  # not one of the sampled sections
    tomogram = read_tomogram(written(tmp_path / "blank.mrc", volume))
    with pytest.raises(BadInput, match=r"blank\.mrc: All values of the volume are 3"):
        volume_scale(tomogram)
