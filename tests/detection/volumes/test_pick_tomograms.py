"""Picking tomograms: the right class at the right voxel, whatever the file, and nothing lost."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import nunatak
from nunatak.detection.record import journal_path, record_path
from nunatak.detection.volumes import volume_job
from nunatak.detection.volumes.pick_tomograms import pick_tomograms
from nunatak.detection.volumes.volume_candidates import find_in_tomogram
from nunatak.detection.volumes.volume_job import tomogram_state
from nunatak.detection.volumes.volume_model import VolumeModel, save_volume_model
from nunatak.detection.volumes.volume_result import VolumePickResult
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.volume_summary import in_words
from nunatak.detection.volumes.working_tomogram import WorkingTomogram
from nunatak.errors import BadInput, FormatError, Interrupted, Mismatch, UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.images.write_volume import write_mrc_volume
from nunatak.picks.formats import read_picks
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts

Write = Callable[..., NDArray[np.float64]]
CLASSES = ("dark", "light")


@pytest.fixture
def folder(tmp_path: Path, write_scene: Write) -> Path:
    """Three tomograms of one scene, the last of them an OME-Zarr."""
    folder = tmp_path / "tomograms"
    folder.mkdir()
    for name in ("a.mrc", "b.mrc", "c.zarr"):
        write_scene(folder / name)
    return folder


def position(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[["x_px", "y_px", "z_px"]].to_numpy()


def assert_found(result: VolumePickResult, truth: NDArray[np.float64]) -> None:
    """Every spot is selected once, by its class, within a quarter of a voxel along each axis."""
    table = result.picks.table
    for class_, rows in zip(CLASSES, (slice(0, 8), slice(8, 13)), strict=True):
        chosen = position(table[table["selected"] & (table["class_name"] == class_)])
        away = np.abs(chosen[:, None] - truth[rows][None]).max(axis=2)
        assert sorted(away.argmin(axis=1)) == list(range(len(truth[rows])))
        assert away.min(axis=1).max() < 0.25


@pytest.mark.parametrize(
    ("name", "voxel_size_A"),
    [("t.mrc", 10.0), ("t.zarr", 10.0), ("t.mrc", 7.0), ("t.zarr", 13.0), ("t.mrc", 9.95)],
)
def test_particles_are_found_where_they_are(
    tmp_path: Path, spot_file: Path, write_scene: Write, name: str, voxel_size_A: float
) -> None:
    truth = write_scene(tmp_path / name, voxel_size_A=voxel_size_A)
    result = pick_tomograms([tmp_path / name], model=spot_file)
    assert_found(result, truth)
    table = result.picks.table
    np.testing.assert_allclose(table["pixel_size_A"], voxel_size_A, rtol=1e-5)
    assert set(table["diameter_A"]) == {100.0}
    assert table["score"].is_monotonic_decreasing
    assert result.shapes == {
        str(tmp_path / name): tuple(round(side / voxel_size_A) for side in (375, 615, 525))
    }


def test_opposite_contrast_gives_the_same_picks(
    tmp_path: Path, spot_file: Path, write_scene: Write
) -> None:
    truth = write_scene(tmp_path / "dark.mrc")
    write_scene(tmp_path / "light.mrc", inverted=True)
    dark = pick_tomograms([tmp_path / "dark.mrc"], model=spot_file)
    light = pick_tomograms([tmp_path / "light.mrc"], model=spot_file, contrast="light")
    assert_found(light, truth)
    np.testing.assert_allclose(position(light.picks.table), position(dark.picks.table), atol=0.01)
    wrong = pick_tomograms([tmp_path / "light.mrc"], model=spot_file).picks.table
    assert (wrong["class_name"] == "light").sum() == 8


def test_views_are_averaged(
    tmp_path: Path, spot_model: VolumeModel, spot_file: Path, write_scene: Write
) -> None:
    truth = write_scene(tmp_path / "t.mrc")
    network = copy.deepcopy(spot_model.network)
    network.offset.bias[0] = 0.3  # points too far along x, which mirror images even out
    save_volume_model(replace(spot_model, network=network), spot_file)
    one, eight = (
        position(pick_tomograms([tmp_path / "t.mrc"], model=spot_file, views=views).picks.table)
        for views in (1, 8)
    )
    for found, shift in ((one, 0.55), (eight, 0.0)):
        nearest = np.linalg.norm(found[:, None] - truth[None], axis=2).argmin(axis=1)
        away = (found - truth[nearest]).mean(axis=0)
        np.testing.assert_allclose(away, [shift, 0.0, 0.0], atol=0.1)


def test_slabs_and_windows_do_not_matter(
    tmp_path: Path, spot_model: VolumeModel, write_scene: Write
) -> None:
    write_scene(tmp_path / "t.mrc", voxel_size_A=7.0)
    tomogram = read_tomogram(tmp_path / "t.mrc")
    working = WorkingTomogram.of(tomogram, voxel_size_A=10.0)
    nz = working.shape[0]
    whole = working[0:nz]
    for depth in (1, 7):
        parts = [working[z : min(z + depth, nz)] for z in range(0, nz, depth)]
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)
    found = []
    for window_px in [(192, 352, 352), (24, 48, 40)]:
        scorer = VolumeScorer(
            spot_model.network,
            device="cpu",
            precision="float32",
            window_px=window_px,
            margin_px=8,
            overlap_px=4,
        )
        found.append(find_in_tomogram(working, scorer, spot_model.header))
    first, second = found
    assert len(first) == len(second) == 13
    for name in ("x_px", "y_px", "z_px", "score"):
        np.testing.assert_allclose(getattr(second, name), getattr(first, name), atol=2e-3)
    assert np.array_equal(first.class_index, second.class_index)


def test_thresholds_border_and_limit_only_select(
    tmp_path: Path, spot_file: Path, write_scene: Write
) -> None:
    truth = write_scene(tmp_path / "t.mrc")

    def chosen(**options: object) -> tuple[pd.DataFrame, VolumePickResult]:
        result = pick_tomograms([tmp_path / "t.mrc"], model=spot_file, **options)  # type: ignore[arg-type]
        assert len(result.picks) == 13
        return result.picks.table[result.picks.table["selected"]], result

    table, _ = chosen()
    score = float(table["score"].median())
    passing = int((table["score"] >= score).sum())
    assert len(chosen(threshold=score)[0]) == passing < 13
    some, result = chosen(threshold={"light": 1.0})
    assert set(some["class_name"]) == {"dark"}
    assert result.options.thresholds == {"dark": 0.5, "light": 1.0}
    assert "light: 0 of 5 (score at least 1)" in in_words(result)
    assert chosen(max_per_tomogram=4)[0].equals(table.head(4))
    inside, _ = chosen(border_A=55.0)
    assert len(inside) == 12  # without the one in the corner, 42 Å from a face
    assert np.abs(position(inside) - truth[0]).max(axis=1).min() > 5
    for options, message in [
        ({"threshold": {"gold": 0.5}}, "Thresholds for gold: .* classes dark, light"),
        ({"threshold": 1.5}, "thresholds.dark"),
        ({"border_A": -1.0}, "border_A"),
        ({"views": 3}, "views"),
        ({"contrast": "grey"}, "contrast"),
        ({"max_per_tomogram": 0}, "max_per_tomogram"),
    ]:
        with pytest.raises(UsageError, match=message):
            chosen(**options)


def test_classes_compete_by_their_own_thresholds(
    tmp_path: Path, spot_model: VolumeModel, write_scene: Write
) -> None:
    """Both heatmaps answer to dark spots, and the second one more loudly."""
    write_scene(tmp_path / "t.mrc")
    for threshold, winner in [(0.5, "light"), (0.9999, "dark")]:
        model = twin(spot_model, threshold, tmp_path)
        table = pick_tomograms([tmp_path / "t.mrc"], model=model).picks.table
        assert len(table) == 8
        assert set(table["class_name"]) == {winner}


def twin(spot_model: VolumeModel, threshold: float, folder: Path) -> Path:
    network = copy.deepcopy(spot_model.network)
    network.heatmap.weight[1] = network.heatmap.weight[0]
    network.heatmap.bias[1] = network.heatmap.bias[0] + 0.5
    first, second = spot_model.header.classes
    classes = (first, second.model_copy(update={"threshold": threshold}))
    header = spot_model.header.model_copy(update={"classes": classes})
    path = folder / f"twin_{threshold}.safetensors"
    save_volume_model(replace(spot_model, header=header, network=network), path)
    return path


def test_a_run_goes_on_where_it_was_stopped(
    folder: Path, spot_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninterrupted = pick_tomograms([folder], model=spot_file)
    output = tmp_path / "picks.csv"
    done = []

    def stop(tomogram: WorkingTomogram, *rest: object) -> object:
        done.append(tomogram)
        if len(done) == 2:
            raise KeyboardInterrupt
        return find_in_tomogram(tomogram, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(volume_job, "find_in_tomogram", stop)
        with pytest.raises(Interrupted, match="1 of 3 tomograms are finished and kept in"):
            pick_tomograms([folder], model=spot_file, output=output)
    assert not output.exists()
    counts: list[int] = []
    result = pick_tomograms([folder], model=spot_file, output=output, on_progress=counts.append)
    assert counts == [1, 1, 1]
    assert result.reused_count == 1
    assert result.picks.table.equals(uninterrupted.picks.table)
    written = read_picks(output)
    assert written.ndim == 3
    np.testing.assert_allclose(position(written.table), position(result.picks.table), atol=1e-3)
    record = json.loads(record_path(output).read_text())
    assert record["tomograms"] == {"picked": 3, "failed": 0}
    assert record["candidates"] == 39

    # The same again computes nothing; a tomogram that changed is picked anew.
    assert pick_tomograms([folder], model=spot_file, output=output).reused_count == 3
    write_mrc_volume(
        folder / "b.mrc", np.random.default_rng(0).random((20, 20, 20), np.float32), 10.0
    )
    chunk = next(path for path in (folder / "c.zarr" / "0" / "0").rglob("*") if path.is_file())
    chunk.write_bytes(chunk.read_bytes())
    again = pick_tomograms([folder], model=spot_file, output=output)
    assert again.reused_count == 1
    assert set(again.picks.table["image"]) == {str(folder / "a.mrc"), str(folder / "c.zarr")}
    assert again.picks.images == tuple(str(folder / n) for n in ("a.mrc", "b.mrc", "c.zarr"))

    for options in ({"contrast": "light"}, {"views": 8}, {"voxel_size_A": 10.0}):
        with pytest.raises(UsageError, match="other settings"):
            pick_tomograms([folder], model=spot_file, output=output, **options)  # type: ignore[arg-type]
    output.unlink()
    with pytest.raises(Mismatch, match="contrast was dark, is light"):
        pick_tomograms([folder], model=spot_file, output=output, contrast="light")
    redone = pick_tomograms([folder], model=spot_file, output=output, contrast="light", redo=True)
    assert redone.reused_count == 0


def test_a_tomogram_without_any_candidate_is_listed(tmp_path: Path, spot_file: Path) -> None:
    path = tmp_path / "empty.mrc"
    write_mrc_volume(path, np.random.default_rng(0).random((30, 31, 32), np.float32), 10.0)
    result = pick_tomograms([path], model=spot_file, output=tmp_path / "picks.csv")
    assert len(result.picks) == result.selected_count == 0
    assert result.picks.ndim == 3
    assert result.picks.images == (str(path),)
    assert "0 candidates" in in_words(result)
    assert "check the contrast" in in_words(result)


def test_bad_tomograms_do_not_stop_the_good_ones(
    tmp_path: Path, spot_file: Path, write_scene: Write, folder: Path
) -> None:
    good = folder / "a.mrc"
    cut = tmp_path / "cut.mrc"
    cut.write_bytes(good.read_bytes()[:-4000])
    flat = tmp_path / "flat.mrc"
    write_mrc_volume(flat, np.random.default_rng(0).random((1, 64, 64), np.float32), 10.0)
    blank = tmp_path / "blank.mrc"
    write_mrc_volume(blank, np.ones((20, 20, 20), np.float32), 10.0)
    coarse = tmp_path / "coarse.mrc"
    write_scene(coarse, stated_A=40.0)
    unknown = tmp_path / "unknown.mrc"
    unknown.write_bytes(good.read_bytes()[:40] + bytes(12) + good.read_bytes()[52:])
    damaged = tmp_path / "damaged.zarr"
    write_scene(damaged)
    chunk = next(path for path in (damaged / "0" / "0").rglob("*") if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[:100])
    images = [good, cut, flat, blank, coarse, unknown, damaged, tmp_path / "none.mrc"]
    result = pick_tomograms(images, model=spot_file)
    assert result.picks.images == (str(good),)
    assert len(result.picks) == 13
    reasons = {Path(failure.image).name: failure.reason for failure in result.failures}
    assert len(reasons) == 7
    for name, words in [
        ("cut.mrc", "bytes"),
        ("flat.mrc", "not a tomogram"),
        ("blank.mrc", "every voxel is 1.0"),
        ("coarse.mrc", "spans 2.5 voxels of 40 Å"),
        ("unknown.mrc", "voxel size is not known"),
        ("damaged.zarr", "damaged or cut short"),
        ("none.mrc", "no such file"),
    ]:
        assert reasons[name].startswith(str(tmp_path / name))
        assert words in reasons[name]
    with pytest.raises(BadInput, match="None of the 2 tomograms could be picked"):
        pick_tomograms([cut, flat], model=spot_file)
    stated = pick_tomograms([unknown], model=spot_file, voxel_size_A=10.0)
    assert position(stated.picks.table).tolist() == position(result.picks.table).tolist()


def test_a_model_of_the_other_kind_is_refused(folder: Path, spot_file: Path) -> None:
    with pytest.raises(FormatError, match="a model for micrographs where one for tomograms"):
        pick_tomograms([folder], model="general-2d")
    with pytest.raises(FormatError, match="a model for tomograms where one for micrographs"):
        nunatak.pick([folder], model=spot_file)


def test_axis_order_is_asked_for_and_undone(
    tmp_path: Path, spot_file: Path, write_scene: Write
) -> None:
    truth = write_scene(tmp_path / "t.mrc")
    volume = read_tomogram(tmp_path / "t.mrc").slab(0, 38)
    write_mrc_volume(tmp_path / "imod.mrc", volume[::-1].transpose(1, 0, 2).copy(), 10.0)
    with pytest.raises(BadInput, match="--axis-order xzy"):
        pick_tomograms([tmp_path / "imod.mrc"], model=spot_file)
    result = pick_tomograms([tmp_path / "imod.mrc"], model=spot_file, axis_order=AxisOrder.XZY)
    assert_found(result, truth)
    assert "clip rotx" in in_words(result)


def test_relion_5_is_told_about_tilt_series(folder: Path, spot_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "picks.star"
    with pytest.raises(UsageError, match="--tomograms-star"):
        pick_tomograms([folder], model=spot_file, output=output)
    assert not journal_path(output).exists()
    series = TiltSeries((525, 615, 375), 1.0, 10.0)
    names = [str(folder / name) for name in ("a.mrc", "b.mrc", "c.zarr")]
    cut = TomogramFacts(tilt_series=dict.fromkeys(names, replace(series, size_px=(525, 615, 275))))
    with pytest.raises(Mismatch, match=r"a\.mrc has 52 x 62 x 38 voxels .* 52\.5 x 61\.5 x 27\.5"):
        pick_tomograms([folder], model=spot_file, output=output, facts=cut)
    assert not journal_path(output).exists()
    facts = TomogramFacts(tilt_series=dict.fromkeys(names, series))
    result = pick_tomograms([folder], model=spot_file, output=output, facts=facts)
    back = read_picks(output, tomograms=facts)
    np.testing.assert_allclose(position(back.table), position(result.picks.table), atol=1e-3)
    assert back.table["class_name"].tolist() == result.picks.table["class_name"].tolist()
    assert f"{output} holds all candidates" in in_words(result)


def test_formats_of_micrographs_are_refused_before_any_work(
    folder: Path, spot_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="these are picks in tomograms"):
        pick_tomograms([folder], model=spot_file, output=tmp_path / "p", file_format="topaz")
    result = pick_tomograms(
        [folder], model=spot_file, output=tmp_path / "copick", file_format="copick"
    )
    files = sorted(path.name for path in (tmp_path / "copick").rglob("*.json"))
    assert len(files) == 6  # three runs of two objects
    assert result.output == tmp_path / "copick"


def test_any_change_of_a_zarr_folder_is_seen(tmp_path: Path, write_scene: Write) -> None:
    write_scene(tmp_path / "t.zarr")
    before = tomogram_state(tmp_path / "t.zarr")
    assert tomogram_state(tmp_path / "t.zarr") == before
    metadata = tmp_path / "t.zarr" / ".zattrs"
    metadata.write_text(metadata.read_text() + " ")
    assert tomogram_state(tmp_path / "t.zarr") != before
    with pytest.raises(BadInput, match="cannot be read"):
        tomogram_state(tmp_path / "none.zarr")
