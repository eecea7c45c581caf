"""``nunatak train`` on tomograms, as a user runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from ended import Ended, Run, stopping_after_step_2

from nunatak.cli import train_tomograms
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import (
    VolumeModel,
    load_volume_model,
    save_volume_model,
)
from nunatak.errors import BadInput
from nunatak.images.axis_order import AxisOrder
from nunatak.images.normalise_volume import VERSION
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.learning.volumes import train_tomograms as volumes
from nunatak.learning.volumes.train_tomograms import train_tomograms as train_in_library
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet
from nunatak.picks.tomogram_facts import TomogramFacts

SHAPE = (24, 40, 48)
BOTH = ("--diameter", "small=80", "--diameter", "large=120")
FEW_STEPS = (
    'start = "tiny.safetensors"\nsteps = 4\nbatch_size = 1\ncrop_px = 16\nvalidate_every = 2\n'
)
EMPTY = ("--expected-particles", "small=0", "--expected-particles", "large=4")
NUMBERS = ("--expected-particles", "small=4", "--expected-particles", "large=4")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tomograms of dark blobs, labels of two of them, and a small network to start from."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    z, y, x = np.indices(SHAPE)
    rows = []
    for name, suffix in (("TS_1", ".mrc"), ("TS_2", ".mrc"), ("TS_3", ".zarr")):
        voxels = rng.standard_normal(SHAPE)
        for number in range(6):
            cx, cy, cz = 6 + 7 * number, 8 + 12 * (number % 3), 12 - 4 * (number % 2)
            voxels -= 4 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / 12)
            kind = ("small", "large")[number % 2]
            rows.append((f"t/{name}{suffix}", float(cx), float(cy), float(cz), kind))
        write = write_mrc_volume if suffix == ".mrc" else write_ome_zarr
        write(folder / "t" / f"{name}{suffix}", voxels.astype(np.float32), 10.0)
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px", "class_name"])
    write_picks(PickSet(table), folder / "all.csv")
    write_picks(PickSet(table[table["image"] != "t/TS_3.zarr"]), folder / "labels.csv")
    spec = NetworkSpec.model_validate(
        {"name": "UNet3d", "parameters": {"classes": 1, "channels": (4, 6)}}
    )
    header = VolumeModelHeader(
        name="tiny",
        network=spec,
        classes=(VolumeClass(name="anything", diameter_A=100.0),),
        normalisation=VERSION,
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        network = build(spec)
    save_volume_model(VolumeModel(header, network), folder / "tiny.safetensors")
    (folder / "few.toml").write_text(FEW_STEPS)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for one in made.iterdir():
        (tmp_path / one.name).symlink_to(one)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def train(run: Run) -> Run:
    def command(
        *words: str, labels: str = "labels.csv", labels_are: str | None = "complete"
    ) -> Ended:
        options = ["--config", "few.toml", "--threads", "1", "--device", "cpu"]
        if labels_are is not None:
            options += ["--labels-are", labels_are]
        return run("train", "t", "--labels", labels, "-o", "m.safetensors", *options, *words)

    return command


def test_from_labels_to_picks_and_their_judgement(run: Run, train: Run, project: Path) -> None:
    done = train(*BOTH, "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "12 labels in 2 tomograms: 6 small, 6 large." in done.stderr
    assert "3 tomograms given; particles are taken to be dark." in done.stderr
    assert re.search(
        r"kept.*mean average precision \d\.\d{3} on 1 tomogram kept aside", done.stderr
    )
    assert re.search(r"class +particles +AP +F1 +threshold\n +small +3 +\d\.\d{3} ", done.stderr)
    assert "nunatak pick TOMOGRAMS --model m.safetensors -o picks.csv" in done.stderr
    found = load_volume_model("m.safetensors").header.provenance
    assert found["diameters_A"] == {"small": 80.0, "large": 120.0}
    record = json.loads((project / "m.training/training.json").read_text())
    assert (record["settings"]["steps"], record["settings"]["seed"]) == (4, 3)
    again = train(*BOTH)
    assert again.returncode == 2
    assert "m.safetensors exists" in again.stderr

    assert (
        run("pick", "t", "--model", "m.safetensors", "-o", "picks.csv", "--quiet").returncode == 0
    )
    judged = run("evaluate", "picks.csv", "all.csv", "--by-class", "--radius", "40")
    assert judged.returncode == 0, judged.stderr
    assert "large" in judged.stdout


@pytest.fixture
def asked(train: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Give the command, and return what it asks the library for instead of training."""

    def command(
        *words: str, labels: str = "labels.csv", labels_are: str | None = "complete"
    ) -> dict[str, Any]:
        calls: list[dict[str, Any]] = []

        def note(tomograms: object, labels: PickSet, **options: Any) -> None:
            calls.append({"labels": labels, **options})
            raise BadInput("that will do")

        monkeypatch.setattr(volumes, "train_tomograms", note)
        done = train(*words, labels=labels, labels_are=labels_are)
        assumed = "Labels are taken to be sparse" in done.stderr
        assert assumed == (labels_are is None)
        assert "that will do" in done.stderr, done.stderr
        return calls[0]

    return command


def test_options_reach_the_training(asked: Callable[..., dict[str, Any]]) -> None:
    plain = asked(*BOTH)
    assert (plain["labels_are"], plain["contrast"], plain["axis_order"]) == (
        "complete",
        "dark",
        None,
    )
    assert (plain["expected_particles"], plain["validation_tomograms"]) == (None, None)
    assert (plain["voxel_size_A"], plain["stored_voxel_size_A"]) == (None, None)
    assert plain["settings"] == VolumeLearningSettings(
        start="tiny.safetensors", steps=4, batch_size=1, crop_px=16, validate_every=2
    )
    assert asked(*BOTH, *NUMBERS, labels_are=None)["labels_are"] == "sparse"
    given = asked(
        *BOTH,
        *("--labels-are", "sparse", *NUMBERS, "--teacher", "--objective", "focal", "--steps", "2"),
        *("--validation", "TS_2", "--validation", "t/*.zarr", "--contrast", "light"),
        *("--start", "none", "--seed", "5", "--axis-order", "xzy", "--redo", "--devices", "2"),
        *("--working-voxel-size", "11", "--pixel-size", "12", "--override-pixel-size"),
    )
    assert given["diameters_A"] == {"small": 80.0, "large": 120.0}
    assert given["expected_particles"] == {"small": 4.0, "large": 4.0}
    assert given["validation_tomograms"] == ["t/TS_2.mrc", "t/TS_3.zarr"]
    assert (given["labels_are"], given["contrast"], given["redo"]) == ("sparse", "light", True)
    assert (given["axis_order"], given["processes"]) == (AxisOrder.XZY, 2)
    assert (given["voxel_size_A"], given["stored_voxel_size_A"]) == (11.0, 12.0)
    assert given["override_voxel_size"]
    settings = given["settings"]
    assert (settings.teacher, settings.objective, settings.start) == (True, "focal", None)
    assert (settings.steps, settings.seed, settings.crop_px) == (2, 5, 16)


def test_rejected_junk_and_stray_labels_are_counted(train: Run, project: Path) -> None:
    table = read_picks(project / "labels.csv").table.assign(selected=True)
    table.loc[len(table)] = ["t/TS_1.mrc", 20.0, 20.0, 2.0, "junk", True]
    table.loc[len(table)] = ["t/TS_1.mrc", 20.0, 20.0, 90.0, "small", True]
    table.loc[0, "selected"] = False
    write_picks(PickSet(table), project / "reviewed.csv")
    done = train(*BOTH, labels="reviewed.csv")
    assert done.returncode == 3, done.stderr
    assert "11 labels in 2 tomograms: 5 small, 6 large." in done.stderr
    assert "note: 2 places are marked as no particle" in done.stderr
    assert "error: 1 of 14 labels (7 %) lie outside their tomogram" in done.stderr
    assert (project / "m.safetensors").exists()


def test_labels_may_state_the_diameters(
    project: Path, asked: Callable[..., dict[str, Any]]
) -> None:
    labels = read_picks("labels.csv").table
    sizes_A = labels["class_name"].map({"small": 80.0, "large": 120.0})
    write_picks(PickSet(labels.assign(diameter_A=sizes_A)), project / "sized.csv")
    assert asked(labels="sized.csv")["diameters_A"] == {"small": 80.0, "large": 120.0}
    changed = asked("--diameter", "large=100", labels="sized.csv")
    assert changed["diameters_A"] == {"small": 80.0, "large": 100.0}


def test_classes_without_a_diameter_are_named(train: Run, project: Path) -> None:
    done = train()
    assert done.returncode == 2
    assert "No diameter is known of large, small: their labels state none." in done.stderr
    assert "such as --diameter large=130." in done.stderr
    table = read_picks(project / "labels.csv").table
    write_picks(PickSet(table[["image", "x_px", "y_px", "z_px"]]), project / "unnamed.csv")
    assert (
        "Give it in Å (longest extent), such as --diameter 130."
        in train(labels="unnamed.csv").stderr
    )


def test_diameters_of_one_class_may_differ_by_rounding(
    train: Run, project: Path, asked: Callable[..., dict[str, Any]]
) -> None:
    table = read_picks("labels.csv").table
    sizes_A = table["class_name"].map({"small": 80.0, "large": 118.9929})
    first_large = sizes_A.idxmax()
    sizes_A[first_large] = 119.0
    write_picks(PickSet(table.assign(diameter_A=sizes_A)), project / "sized.csv")
    assert asked(labels="sized.csv")["diameters_A"] == {"small": 80.0, "large": 118.9929}
    sizes_A[first_large] = 121.0
    write_picks(PickSet(table.assign(diameter_A=sizes_A)), project / "sized.csv")
    for words in ((), ("--diameter", "small=80")):
        done = train(*words, labels="sized.csv")
        assert done.returncode == 4
        assert "sized.csv: 2 diameters are stated of large, from 118.993 to 121 Å" in done.stderr
        assert "such as --diameter large=118.993" in done.stderr
    settled = asked("--diameter", "large=121", labels="sized.csv")
    assert settled["diameters_A"] == {"small": 80.0, "large": 121.0}


@pytest.mark.parametrize("words", [BOTH, ()])
def test_a_file_without_labels_is_named(train: Run, project: Path, words: tuple[str, ...]) -> None:
    (project / "none.csv").write_text("image,x_px,y_px,z_px\n")
    (project / "junk.csv").write_text("image,x_px,y_px,z_px,class_name\nt/TS_1.mrc,9,9,9,junk\n")
    done = train(*words, labels="none.csv")
    assert done.returncode == 4
    assert "none.csv: no label of a particle (it has no rows)" in done.stderr
    done = train(*words, labels="junk.csv")
    assert done.returncode == 4
    assert "junk.csv: no label of a particle (of 1 row 1 marked as no particle)" in done.stderr


def test_one_class_needs_no_name(project: Path, asked: Callable[..., dict[str, Any]]) -> None:
    table = read_picks(project / "labels.csv").table
    write_picks(PickSet(table[table["class_name"] == "large"]), project / "one.csv")
    write_picks(PickSet(table[["image", "x_px", "y_px", "z_px"]]), project / "unnamed.csv")
    for labels, name in (("one.csv", "large"), ("unnamed.csv", "particle")):
        given = asked("--diameter", "120", "--expected-particles", "5", labels=labels)
        assert given["diameters_A"] == {name: 120.0}
        assert given["expected_particles"] == {name: 5.0}


def test_labels_may_count_in_other_units(
    run: Run, project: Path, asked: Callable[..., dict[str, Any]]
) -> None:
    table = read_picks(project / "labels.csv").table
    places = ["x_px", "y_px", "z_px"]
    for factor, words in (
        (10.0, ("--labels-unit", "angstrom")),
        (0.5, ("--labels-binning", "2")),
    ):
        other = table[["image", *places, "class_name"]].copy()
        other[places] *= factor
        other.to_csv(project / "other.csv", index=False)
        read = asked(*BOTH, *words, labels="other.csv")["labels"]
        np.testing.assert_allclose(read.table[places], table[places], atol=1e-9)

    fields = ("Name", "TiltSeriesPixelSize", "TomogramBinning", "SizeX", "SizeY", "SizeZ")
    header = "\n".join(f"_rlnTomo{field}" for field in fields)
    rows = "\n".join(f"TS_{number} 2.5 4 192 160 96" for number in (1, 2, 3))
    (project / "tomograms.star").write_text(f"data_global\n\nloop_\n{header}\n{rows}\n")
    facts = ("--tomograms-star", "tomograms.star")
    run("convert", "labels.csv", "-o", "labels.star", "--tomograms", "t", *facts)
    for centre, shift_px in (("half", 0.0), ("half-minus-one", -0.25)):
        words = (*facts, "--relion5-centre", centre)
        read = asked(*BOTH, *words, labels="labels.star")["labels"]
        np.testing.assert_allclose(read.table[places], table[places] + shift_px, atol=1e-5)


def write_owned(table: pd.DataFrame) -> None:
    """Write labels of alice, and two picks of nunatak, to a copick project."""
    images = ImageCatalogue(dict.fromkeys(table["image"], SHAPE), pixel_size_A=10.0)
    for owner, of_one in (("alice", table), ("nunatak", table[:2])):
        facts = TomogramFacts(as_copick_user=owner, as_copick_session="0")
        write_picks(PickSet(of_one), "cp", "copick", images=images, tomograms=facts)


def test_labels_of_several_copick_owners_are_not_mixed(
    train: Run, project: Path, asked: Callable[..., dict[str, Any]]
) -> None:
    write_owned(read_picks("labels.csv").table)
    mixed = train(*BOTH, labels="cp")
    assert mixed.returncode == 4
    assert "several copick files in 1 tomogram: 3 picks of user alice, session 0, 1" in mixed.stderr
    assert "Choose by --copick-user and --copick-session. To take" in mixed.stderr
    for words, count in ((("--copick-user", "alice"), 12), (("--copick-user", "nunatak"), 2)):
        chosen = asked(*BOTH, *words, "--copick-session", "0", labels="cp")
        assert len(chosen["labels"]) == count
    idle = train(*BOTH, "--copick-user", "alice")
    assert idle.returncode == 2
    assert "--copick-user and --copick-session choose among copick's files" in idle.stderr


def test_the_library_does_not_mix_owners_either(project: Path) -> None:
    write_owned(read_picks("labels.csv").table)
    with pytest.raises(BadInput, match="of user alice, session 0, 1 pick of user nunatak"):
        train_in_library(
            ["t"],
            "cp",
            output="m.safetensors",
            diameters_A={"small": 80.0, "large": 120.0},
            labels_are="complete",
            settings=VolumeLearningSettings(start="tiny.safetensors", crop_px=16),
        )


def test_notes_on_labels_end_in_one_full_stop(train: Run, project: Path) -> None:
    header = "\n".join(
        f"_{label}" for label in ("rlnMicrographName", *(f"rlnCoordinate{a}" for a in "XYZ"))
    )
    (project / "warp.star").write_text(f"data_\n\nloop_\n{header}\nTS_1 0.5 0.5 0.5\n")
    done = train("--diameter", "80", labels="warp.star", labels_are="sparse")
    assert "as Warp's template matching writes them.\n" in done.stderr


def test_an_interrupted_training_goes_on(
    train: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(train_tomograms, "training_progress", stopping_after_step_2)
        stopped = train(*BOTH)
    assert stopped.returncode == 130
    assert "Interrupted after 2 of 4 steps" in stopped.stderr
    assert "Give the same command again to go on" in stopped.stderr
    assert not (project / "m.safetensors").exists()
    kept = (project / "m.training/metrics.jsonl").read_text()
    assert train(*BOTH, "--seed", "1").returncode == 4  # another training is not gone on with
    assert train(*BOTH, "--resume").returncode == 0
    assert (project / "m.training/metrics.jsonl").read_text().startswith(kept)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--diameter", "small=80"), 4, "labels of large, but diameters are given of small"),
        ((*BOTH, "--diameter", "smal=9"), 4, "labels.csv: no usable label of smal, of which a"),
        (("--diameter", "80"), 2, "--diameter large=80 --diameter small=80"),
        (("--diameter", "0"), 2, "--diameter 0: give a number from 1 on"),
        (("--diameter", "small="), 2, "--diameter small=: '' is no number"),
        ((*BOTH, "--labels-are", "sparse"), 2, "give the number of particles of each class"),
        ((*BOTH, "--labels-are", "sparse"), 2, "say that they are complete instead"),
        ((*BOTH, *EMPTY), 2, "of small: 0 in a tomogram are fewer than the 6 labels in 3 tomog"),
        ((*BOTH, "--expected-particles", "5"), 2, "--expected-particles small=5"),
        ((*BOTH, "--expected-particles", "small=5"), 2, "Give both for the same classes (large)"),
        ((*BOTH, "--labels", "flat.csv"), 4, "others picks in tomograms"),
        ((*BOTH, "--objective", "pn"), 2, "--objective pn: IMAGES are tomograms"),
        ((*BOTH, "--validation", "t/TS_3.zarr"), 4, "t/TS_3.zarr: to be kept aside"),
        ((*BOTH, "--validation", "TS_4"), 4, "TS_4 fits none of the 3 images"),
        ((*BOTH, "--validation", "few.toml"), 4, "few.toml: to be kept aside for validation (--v"),
        ((*BOTH, "--labels-are", "sparse", "--resume", "--redo"), 2, "Give one of them"),
        ((*BOTH, "--config", "odd.toml"), 4, "odd.toml: stepz: Extra inputs are not permitted"),
        ((*BOTH, "--config", "drop.toml"), 4, "drop.toml: input_drop is part of strong_augmentati"),
        ((*BOTH, "--config", "wide.toml"), 2, "Leave the preset out, or train one from scratch"),
        ((*BOTH, "--start", "gone.safetensors"), 4, "gone.safetensors: no such model file"),
        ((*BOTH, "--tomogram-binning", "4"), 2, "belongs to --tomograms-star"),
    ],
)
def test_mistakes_are_explained(
    train: Run, project: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    (project / "flat.csv").write_text("image,x_px,y_px\nt/TS_1.mrc,3,4\n")
    (project / "odd.toml").write_text("stepz = 1\n")
    (project / "drop.toml").write_text("input_drop = true\nstrong_augmentation = false\n")
    (project / "wide.toml").write_text('start = "tiny.safetensors"\npreset = "large"\n')
    done = train(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(project.glob("m.*"))


@pytest.mark.parametrize(
    "words",
    [
        ("--labels-image-size", "24x20"),
        ("--labels-orientation", "flip-y"),
        ("--recipe", "topaz"),
        ("--network", "ResNet8"),
    ],
)
def test_options_of_micrographs_are_refused_by_name(train: Run, words: tuple[str, str]) -> None:
    done = train(*BOTH, *words)
    assert done.returncode == 2
    assert f"{words[0]}: IMAGES are tomograms, and this is about micrographs" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--labels-are", "sparse"),
        ("--working-voxel-size", "10"),
        ("--axis-order", "xyz"),
        ("--tomograms-star", "tomograms.star"),
        ("--tomogram-binning", "4"),
        ("--relion5-centre", "half-minus-one"),
        ("--tomogram-number", "1=a.mrc"),
        ("--dynamo-index", "1"),
        ("--copick-user", "alice"),
        ("--copick-session", "0"),
    ],
)
def test_options_of_tomograms_are_refused_by_name(run: Run, words: tuple[str, str]) -> None:
    options = ("--labels", "labels.csv", "--diameter", "100", "-o", "m.safetensors")
    done = run("train", "t", "--images-are", "micrographs", *options, *words)
    assert done.returncode == 2
    assert f"{words[0]}: IMAGES are micrographs, and this is about tomograms" in done.stderr


def test_micrographs_have_one_kind_of_particle(run: Run) -> None:
    options = ("t", "--images-are", "micrographs", "--labels", "labels.csv", "-o", "m.safetensors")
    named = run("train", *options, "--diameter", "small=80")
    assert (named.returncode, named.stdout) == (2, "")
    assert "one kind is learned. Give a number without a class" in named.stderr
    focal = run("train", *options, "--diameter", "80", "--objective", "focal")
    assert focal.returncode == 2
    assert "--objective focal: IMAGES are micrographs" in focal.stderr


def test_damaged_and_missing_tomograms_are_named(run: Run, project: Path) -> None:
    content = (project / "t" / "TS_1.mrc").read_bytes()
    (project / "TS_9.mrc").write_bytes(content[:-500])
    (project / "cut.csv").write_text("image,x_px,y_px,z_px,class_name\nTS_9.mrc,9,9,9,small\n")
    options = (*BOTH, "-o", "m.safetensors", "--config", "few.toml", "--labels-are", "complete")
    damaged = run("train", "t", "TS_9.mrc", *options, "--labels", "cut.csv")
    assert damaged.returncode == 4
    assert "cut.csv: no usable label of a particle among 1 row" in damaged.stderr
    assert "1 of 1 labelled tomograms (100 %) cannot be used, nor can 1 label" in damaged.stderr
    assert not (project / "m.safetensors").exists()
    both = ("--labels", "labels.csv", "--labels", "cut.csv")
    done = run("train", "t", "TS_9.mrc", "nowhere.mrc", *options, *both)
    assert done.returncode == 3, done.stderr
    assert "12 labels in 2 tomograms" in done.stderr
    assert "error: 1 of 3 labelled tomograms (33 %) cannot be used, nor can 1 label" in done.stderr
    assert "2 of 5 tomograms failed:\n  nowhere.mrc: there is no such file" in done.stderr
    assert re.search(r"\n  TS_9\.mrc: the header declares", done.stderr)
    record = json.loads((project / "m.training/training.json").read_text())
    assert [image for image, _ in record["failures"]] == ["nowhere.mrc", "TS_9.mrc"]
    assert (record["labels"]["n_positive"], record["labels"]["n_micrographs"]) == (12, 3)
    page = (project / "m.html").read_text()
    assert "Neither they nor their labels took part" in page
    assert "nowhere.mrc" in page
