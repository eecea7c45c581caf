"""Training on tomograms from files to a model file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import (
    VolumeModel,
    load_volume_model,
    save_volume_model,
)
from nunatak.errors import BadInput, OtherTraining, UsageError
from nunatak.images.normalise_volume import VERSION
from nunatak.images.write_volume import write_mrc_volume
from nunatak.learning.record import describe
from nunatak.learning.volumes import volume_training_run
from nunatak.learning.volumes.train_tomograms import train_tomograms
from nunatak.learning.volumes.volume_label_set import VolumeLabelSet
from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.learning.volumes.volume_scratch import ScratchVoxels, VolumeScratch
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.volume_start import start_thresholds, volume_start
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec
from nunatak.picks.formats import write_picks
from nunatak.picks.table import PickSet
from nunatak.training.progress import Progress

DIAMETERS_A = {"small": 80.0, "large": 120.0}
TINY = NetworkSpec.model_validate(
    {"name": "UNet3d", "parameters": {"classes": 1, "channels": (4, 6)}}
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small class-agnostic model to start from: the presets would take seconds a step."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        network = build(TINY)
    header = VolumeModelHeader(
        name="tiny",
        network=TINY,
        classes=(VolumeClass(name="particle", diameter_A=100.0),),
        normalisation=VERSION,
        provenance={"made": "by hand"},
    )
    path = tmp_path_factory.mktemp("start") / "tiny.safetensors"
    save_volume_model(VolumeModel(header, network), path)
    return str(path)


@pytest.fixture
def specimen(tmp_path: Path, make_volume: Any) -> tuple[list[Path], PickSet]:
    """Three labelled tomograms and one without labels."""
    paths, rows = [], []
    for number, name in enumerate("abcd"):
        volume = make_volume(particles=6, seed=number)
        path = tmp_path / f"{name}.mrc"
        write_mrc_volume(path, volume.voxels.astype(np.float32), 10.0)
        paths.append(path)
        if name != "d":
            kinds = np.array(["small", "large"])[volume.class_index]
            rows += [(str(path), *xyz, k) for xyz, k in zip(volume.centres_px, kinds, strict=True)]
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px", "class_name"])
    return paths, PickSet(table)


def settings(start: str | None, **changes: Any) -> VolumeLearningSettings:
    values = {"start": start, "steps": 6, "batch_size": 2, "crop_px": 16, "validate_every": 2}
    return VolumeLearningSettings.model_validate({**values, **changes})


def train(
    specimen: tuple[list[Path], PickSet],
    output: Path,
    chosen: VolumeLearningSettings,
    **options: Any,
) -> VolumeTrainingResult:
    given = {"diameters_A": DIAMETERS_A, "device": "cpu", "labels_are": "complete", **options}
    return train_tomograms(*specimen, output=output, settings=chosen, **given)


def weights(path: Path) -> dict[str, torch.Tensor]:
    return dict(load_volume_model(path).network.state_dict())


def test_a_tomogram_that_cannot_be_read_stops_nothing(specimen, tiny, tmp_path) -> None:  # type: ignore[no-untyped-def]
    paths, labels = specimen
    # Readable by its header: the teacher is chosen for it, and has nothing to label.
    write_mrc_volume(paths[3], np.zeros((16, 16, 16), np.float32), 10.0)
    given = ([*paths, tmp_path / "missing.mrc"], labels)
    result = train(given, tmp_path / "m.safetensors", settings(tiny))
    assert {*result.training, *result.validation} == {str(path) for path in paths[:3]}
    failed = [(Path(failure.image).name, failure.reason) for failure in result.failures]
    assert [name for name, _ in failed] == ["missing.mrc", "d.mrc"]
    assert "there is no such file" in failed[0][1]
    recorded = result.model.header.provenance
    assert str(paths[3]) not in recorded["training"] + recorded["validation"]


class StopError(Exception):
    """What kills a training in these tests."""


def kill_at(step: int) -> Any:
    def on_progress(progress: Progress) -> None:
        if progress.step == step:
            raise StopError

    return on_progress


def test_a_model_comes_out_with_thresholds_and_provenance(  # type: ignore[no-untyped-def]
    specimen, tiny, tmp_path, monkeypatch
) -> None:
    on_disk: list[ScratchVoxels] = []
    keep = VolumeScratch.kept
    monkeypatch.setattr(
        VolumeScratch, "kept", lambda *words: on_disk.append(keep(*words)) or on_disk[-1]
    )
    files = set(tmp_path.iterdir())
    result = train(specimen, tmp_path / "m.safetensors", settings(tiny, teacher=False))
    assert len(on_disk) >= 3
    assert {one.file.closed for one in on_disk} == {True}
    written = {path.name for path in set(tmp_path.iterdir()) - files}
    assert written == {"m.safetensors", "m.training"}
    # What there is to look at outlasts the file.
    assert all(np.isfinite(volume.voxels[:]).all() for volume, _ in result.examples)
    assert [(one.kind, one.count) for one in result.findings] == [("left out", 1)]
    header = result.model.header
    assert [(c.name, c.diameter_A) for c in header.classes] == list(DIAMETERS_A.items())
    assert header.voxel_size_A == 10.0
    assert len(result.validation) == 1
    assert len(result.training) == 2  # the one without labels has nothing to say here
    assert result.last_step == 6
    assert set(result.figures) == set(DIAMETERS_A)
    for kind in header.classes:
        assert kind.threshold_table == result.figures[kind.name].table
        assert kind.threshold >= header.score_floor
    assert header.provenance["start"]["provenance"] == {"made": "by hand"}
    assert header.provenance["settings"]["steps"] == 6
    assert result.metrics[-1].step == 6
    described = describe(result.folder)
    assert described["progress"].startswith("6 of 6 steps")
    assert described["labels"].endswith("on 3 of 3 tomograms (complete labels in tomograms)")
    assert described["training tomograms"] == "2"
    assert described["validation tomograms"] == result.validation[0]
    assert described["particles a tomogram"].isdecimal()
    assert "micrograph" not in str(described)


@pytest.mark.parametrize("taught", [False, True])
def test_a_killed_training_goes_on_bit_by_bit(specimen, tiny, tmp_path, taught: bool) -> None:  # type: ignore[no-untyped-def]
    chosen = settings(tiny, teacher=False, validation_share=0.0)
    if taught:
        chosen = settings(
            tiny, teacher=True, burn_in=0.0, feature_drop_rate=0.1, validation_share=0.0
        )
    whole, killed = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    train(specimen, whole, chosen)
    with pytest.raises(StopError):
        train(specimen, killed, chosen, on_progress=kill_at(5))
    assert not killed.exists()
    seen: list[int] = []
    train(specimen, killed, chosen, on_progress=lambda progress: seen.append(progress.step))
    assert seen == [5, 6]
    one, other = weights(whole), weights(killed)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(one["offset.weight"], weights(Path(tiny))["offset.weight"])
    # Thresholds are not chosen by the tomograms that the network knows by heart.
    counted_in = load_volume_model(whole).header.provenance["thresholds_counted_in"]
    assert counted_in == [str(specimen[0][3])]


def test_where_every_tomogram_is_learned_by_heart_the_start_keeps_its_thresholds(  # type: ignore[no-untyped-def]
    specimen, tmp_path
) -> None:
    header = VolumeModelHeader(
        name="sizes",
        network=NetworkSpec.model_validate(
            {"name": "UNet3d", "parameters": {"classes": 2, "channels": (4, 6)}}
        ),
        classes=(
            VolumeClass(name="80 Å", diameter_A=80.0, threshold=0.2),
            VolumeClass(name="180 Å", diameter_A=180.0, threshold=0.6),
        ),
        classes_are="sizes",
        normalisation=VERSION,
    )
    start = tmp_path / "sizes.safetensors"
    save_volume_model(VolumeModel(header, build(header.network)), start)
    paths, labels = specimen
    own = PickSet(labels.table[labels.table["image"] == str(paths[0])])
    result = train((paths[:1], own), tmp_path / "m.safetensors", settings(str(start), steps=1))
    thresholds = [kind.threshold for kind in result.model.header.classes]
    assert thresholds == pytest.approx([0.2, 0.4])  # 120 Å is half way between, by its logarithm
    assert result.model.header.provenance["thresholds_counted_in"] == []


@pytest.mark.parametrize("with_unlabelled", [False, True])
def test_a_class_that_is_not_kept_aside_has_a_threshold_from_elsewhere(  # type: ignore[no-untyped-def]
    specimen, tiny, tmp_path, monkeypatch, with_unlabelled: bool
) -> None:
    monkeypatch.setattr(volume_training_run, "start_thresholds", lambda *_: [0.3, 0.45])
    monkeypatch.setattr(volume_training_run, "thresholds_by_number", lambda *_: (0.35, 0.4))
    paths, labels = specimen
    aside = str(paths[1])
    is_rare = (labels.table["image"] == aside) & (labels.table["class_name"] == "small")
    result = train(
        (paths if with_unlabelled else paths[:3], PickSet(labels.table[~is_rare])),
        tmp_path / "m.safetensors",
        settings(tiny, steps=2, teacher=False),
        validation_tomograms=[aside],
    )
    small, large = result.model.header.classes
    assert (
        small.threshold == result.figures["small"].threshold == (0.35 if with_unlabelled else 0.3)
    )
    assert large.threshold == result.figures["large"].threshold
    assert large.threshold in [row.threshold for row in large.threshold_table]
    counted_in = result.model.header.provenance["thresholds_counted_in"]
    assert counted_in == ([str(paths[3])] if with_unlabelled else [])


def test_sparse_labels_and_all_ingredients_train(  # type: ignore[no-untyped-def]
    specimen, tiny, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(volume_training_run, "MOST_COUNTED", 2)
    paths, labels = specimen
    few = PickSet(labels.table.iloc[[0, 1, 7]])
    file = tmp_path / "few.csv"
    write_picks(few, file)
    chosen = settings(
        tiny, steps=4, teacher=True, burn_in=0.25, input_drop=True, feature_drop_rate=0.1
    )
    result = train(
        (paths, file),
        tmp_path / "m.safetensors",
        chosen,
        labels_are="sparse",
        expected_particles={"small": 3, "large": 3},
    )
    assert not result.validation
    assert len(result.training) == 4
    assert result.validation_score is None
    provenance = result.model.header.provenance
    assert provenance["expected"] == {"small": 3.0, "large": 3.0}
    counted = provenance["thresholds_counted_in"]
    assert counted == [result.training[0], result.training[-1]]
    assert all(0.05 <= kind.threshold <= 0.95 for kind in result.model.header.classes)


def test_another_training_is_not_gone_on_with(specimen, tiny, tmp_path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "m.safetensors"
    with pytest.raises(StopError):
        train(specimen, output, settings(tiny), on_progress=kill_at(3))
    with pytest.raises(OtherTraining, match=r"\(batch_size: 2 then; now 1\)"):
        train(specimen, output, settings(tiny, batch_size=1))
    with pytest.raises(OtherTraining, match=r"\(settings\.crop_px: 16 then; now 20\)"):
        train(specimen, output, settings(tiny, crop_px=20))
    with pytest.raises(OtherTraining, match=r"other settings or data \(validation"):
        labels = PickSet(specimen[1].table.iloc[:-1])
        train((specimen[0], labels), output, settings(tiny))
    with pytest.raises(OtherTraining, match='contrast: null then; now "inverted"'):
        train(specimen, output, settings(tiny), contrast="light")


def test_a_contrast_that_the_labels_contradict_is_doubted(  # type: ignore[no-untyped-def]
    specimen, tiny, tmp_path, caplog
) -> None:
    chosen = settings(tiny, steps=1)
    train(specimen, tmp_path / "right.safetensors", chosen)
    assert "Particles are taken" not in caplog.text
    wrong = train(specimen, tmp_path / "wrong.safetensors", chosen, contrast="light")
    assert wrong.findings[-1].kind == "contrast"
    assert "taken to be light, but the 18 labels" in caplog.text
    assert "--contrast dark" in caplog.text


def test_marks_of_empty_places_are_learned_and_other_rows_accounted_for(  # type: ignore[no-untyped-def]
    specimen, tiny, tmp_path
) -> None:
    paths, labels = specimen
    table = labels.table.assign(selected=True)
    table.loc[1, "selected"] = False
    table.loc[len(table)] = [str(paths[0]), 200.0, 4.0, 4.0, "small", True]
    said: list[VolumeLabelSet] = []
    result = train(
        (paths, PickSet(table)),
        tmp_path / "m.safetensors",
        settings(tiny, steps=2),
        labels_are="sparse",
        expected_particles={"small": 3, "large": 3},
        on_labels=said.append,
    )
    assert [(one.kind, one.count) for one in result.findings] == [("negative", 1), ("outside", 1)]
    assert said[0].findings == result.findings
    assert result.model.header.provenance["labels"]["n_positive"] == 17
    (first, *_) = said[0].tomograms.values()
    np.testing.assert_allclose(first.empty_px, table.loc[[1], ["x_px", "y_px", "z_px"]])


def test_what_cannot_be_is_refused_before_anything_is_read(specimen, tiny, tmp_path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "m.safetensors"
    nothing: Any = ([tmp_path / "missing.mrc"], specimen[1])
    cases: list[tuple[dict[str, Any], VolumeLearningSettings, str]] = [
        ({"diameters_A": {}}, settings(tiny), "give that of each class"),
        ({"diameters_A": {"a": -1.0}}, settings(tiny), "positive"),
        ({"diameters_A": {"Junk": 90.0}}, settings(tiny), "marks places that are no particle"),
        ({"labels_are": "sparse"}, settings(tiny), "number of particles of each class"),
        ({"labels_are": "sparse"}, settings(tiny), "--labels-are complete"),
        ({"voxel_size_A": 0.0}, settings(tiny), "voxel size must be positive"),
    ]
    for options, chosen, says in cases:
        with pytest.raises(UsageError, match=says):
            train(nothing, output, chosen, **options)
    with pytest.raises(UsageError, match="number of particles of each class"):
        # Whoever says nothing about the labels has not said that they are complete.
        train_tomograms(*nothing, output=output, diameters_A=DIAMETERS_A, settings=settings(tiny))
    with pytest.raises(BadInput, match=r"no label of a particle \(it has no rows\)"):
        train((specimen[0], PickSet(specimen[1].table[:0])), output, settings(tiny), diameters_A={})
    with pytest.raises(UsageError, match="fewer than the 9 labels in 4 tomograms"):
        train(specimen, output, settings(tiny), expected_particles={"small": 2, "large": 4})
    with pytest.raises(UsageError, match="a model file ends in"):
        train(nothing, tmp_path / "m.pt", settings(tiny))
    output.write_bytes(b"")
    with pytest.raises(UsageError, match="exists"):
        train(nothing, output, settings(tiny))
    output.unlink()
    with pytest.raises(UsageError, match="works at voxels of 10 Å"):
        train(specimen, output, settings(tiny), voxel_size_A=12.0)
    with pytest.raises(UsageError, match="no multiple of 4"):
        train(specimen, output, settings(tiny, crop_px=18))
    with pytest.raises(UsageError, match=r"16 leaves fewer than 4 voxels .* Take 32 or more"):
        train(specimen, output, settings(None, crop_px=16))
    with pytest.raises(UsageError, match="spans 20 voxels"):
        train(specimen, output, settings(tiny), diameters_A={"small": 80.0, "large": 200.0})
    says = r"a\.mrc: the largest particle, of 12 Å, spans 1\.2 voxels of 10 Å.* it is 120 Å"
    with pytest.raises(UsageError, match=says):
        train(specimen, output, settings(tiny), diameters_A={"small": 8.0, "large": 12.0})


def test_a_class_without_a_label_is_refused_unless_the_start_knows_it(  # type: ignore[no-untyped-def]
    specimen, tiny, tmp_path
) -> None:
    output = tmp_path / "m.safetensors"
    sizes_A = {**DIAMETERS_A, "particle": 100.0, "smal": 80.0}
    with pytest.raises(BadInput, match=r"no usable label of smal, of .* labels of small, large\)"):
        train(
            specimen,
            output,
            settings(tiny),
            diameters_A=sizes_A,
            labels_are="sparse",
            expected_particles=dict.fromkeys(sizes_A, 4),
        )
    del sizes_A["smal"]
    # Where labels are complete, there is none of it, and it would be learned as background.
    with pytest.raises(BadInput, match="no usable label of particle, of which a diameter"):
        train(specimen, output, settings(tiny), diameters_A=sizes_A)
    with pytest.raises(BadInput, match="no usable label of particle, of which a diameter"):
        train(
            specimen,
            output,
            settings(None, crop_px=32),
            diameters_A=sizes_A,
            labels_are="sparse",
            expected_particles=dict.fromkeys(sizes_A, 4),
        )
    paths, labels = specimen
    # Its only label is contradicted.
    one = labels.table[labels.table["class_name"] == "large"].iloc[:1]
    rows = [labels.table[labels.table["class_name"] == "small"], one, one.assign(class_name="junk")]
    torn = PickSet(pd.concat(rows, ignore_index=True))
    with pytest.raises(BadInput, match=r"no usable label of large.* 2 labels"):
        train((paths, torn), output, settings(tiny))
    result = train(
        specimen,
        output,
        settings(tiny, steps=1),
        diameters_A=sizes_A,
        labels_are="sparse",
        expected_particles=dict.fromkeys(sizes_A, 4),
    )
    assert str(result.findings[0]).startswith("There is no label of particle: all that is known")
    assert [kind.name for kind in result.model.header.classes] == list(sizes_A)


def test_a_start_keeps_the_classes_it_knows(tiny: str) -> None:
    before = load_volume_model(tiny).network.state_dict()
    chosen = VolumeLearningSettings(start=tiny)
    begun = volume_start(chosen, {"new": 90.0, "particle": 60.0}, voxel_size_A=None)
    after = begun.network.state_dict()
    assert begun.voxel_size_A == 10.0
    assert torch.equal(after["heatmap.weight"], before["heatmap.weight"].expand(2, -1))
    assert torch.equal(after["offset.weight"], before["offset.weight"])
    assert begun.spec.parameters.classes == 2
    assert begun.model is not None
    kinds = (VolumeClass(name="particle", diameter_A=100.0, threshold=0.3),)
    judged = VolumeModel(
        begun.model.header.model_copy(update={"classes": kinds}), begun.model.network
    )
    known = start_thresholds(replace(begun, model=judged), {"new": 90.0, "particle": 60.0})
    assert known == [0.5, 0.3]
    assert start_thresholds(replace(begun, model=None), {"new": 90.0}) == [0.5]


def test_random_weights_come_from_the_seed() -> None:
    one, again, other = (
        volume_start(VolumeLearningSettings(seed=seed, start=None), {"a": 100.0}, voxel_size_A=13.0)
        for seed in (1, 1, 2)
    )
    assert one.voxel_size_A == 13.0
    first, second, third = (s.network.state_dict()["heatmap.weight"] for s in (one, again, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_the_record_is_json(specimen, tiny, tmp_path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "m.safetensors"
    with pytest.raises(StopError):
        train(specimen, output, settings(tiny), on_progress=kill_at(1))
    record = json.loads((tmp_path / "m.training" / "training.json").read_text())
    assert record["labels_are"] == "complete"
    assert record["labels"]["n_positive"] == 18
    assert record["expected"] == {"small": 3.0, "large": 3.0}
