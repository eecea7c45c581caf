"""``nunatak-topaz`` as RELION calls it: the lines of its scripts, and the files it reads."""

import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from nunatak.cli.topaz import main
from nunatak.detection.model import load_model
from nunatak.errors import EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_SOME_FAILED, EXIT_USAGE
from nunatak.learning import training_run
from nunatak.training import loop
from nunatak.training.progress import Progress

DOWNSCALE = 6
SHAPE = (230, 241)
CENTRES = np.array([[60.0, 70.0], [150.0, 64.0], [100.0, 150.0], [200.0, 170.0], [45.0, 190.0]])


def write_small_micrograph(path: Path, *, seed: int = 0) -> None:
    """Particles of 34 pixels, as RELION leaves them: no mean, unit deviation, the old header."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(SHAPE)
    image, lumps = rng.standard_normal(SHAPE), gaussian_filter(rng.standard_normal(SHAPE), 2.5)
    for x, y in CENTRES:
        distance = np.hypot(rows - y, columns - x)
        thickness = np.sqrt(np.clip(1 - (distance / 17) ** 2, 0, None))
        image -= thickness * (2.0 + 1.2 * lumps / lumps.std())
    image = (image - image.mean()) / image.std()
    with mrcfile.new(path) as file:
        file.set_data(image.astype(np.float32))
        file.voxel_size = 0.885


def read_as_relion_does(path: Path) -> np.ndarray:
    """`AutoPicker::readTopazCoordinates`: columns by name, a header that must be there."""
    lines = path.read_text().splitlines()
    header = lines[0].split()
    assert len(header) >= 3
    columns = [header.index(name) for name in ("x_coord", "y_coord", "score")]
    cells = [line.split() for line in lines[1:] if len(line) >= 2]
    return np.array([[float(row[c]) for c in columns] for row in cells]).reshape(-1, 3)


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of an AutoPick job, relative to the project, in which RELION runs."""
    monkeypatch.chdir(tmp_path)
    folder = Path("AutoPick/job012")
    (folder / "proc").mkdir(parents=True)
    return folder


@pytest.fixture
def relion(job: Path) -> Callable[[str, str], int]:
    """Write a script as RELION does, run it by a shell, collect what it prints in a log."""
    executable = Path("nunatak-topaz").absolute()
    code = "from nunatak.cli.topaz import main; main()"
    executable.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    executable.chmod(0o755)

    def run(name: str, line: str) -> int:
        script = job / f"{name}.bash"
        script.write_text(f"#!/bin/sh\n{executable} {line}\n")
        return subprocess.call(f"sh {script} > {job}/{name}.log 2>&1", shell=True)  # noqa: S602

    return run


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], tuple[object, str]]]:
    """Run a command line in this process; exit code, and what it prints."""
    handler = signal.getsignal(signal.SIGTERM)

    def run(line: str) -> tuple[object, str]:
        with pytest.raises(SystemExit) as end:
            main(line.split())
        captured = capsys.readouterr()
        return end.value.code or 0, captured.out + captured.err

    yield run
    signal.signal(signal.SIGTERM, handler)


def test_relion_picks_a_micrograph(job: Path, relion: Callable[[str, str], int]) -> None:
    write_small_micrograph(job / "proc/rank000000.mrc")
    status = relion(
        "rank000000",
        f"extract  -t -6 -r 17 -d -1 -x {DOWNSCALE} "
        f"-o {job}/proc/rank000000.txt {job}/proc/rank000000.mrc ",
    )
    assert status == 0, (job / "rank000000.log").read_text()
    found = read_as_relion_does(job / "proc/rank000000.txt")
    likely = found[found[:, 2] > 0]
    distance = np.linalg.norm(likely[:, None, :2] - DOWNSCALE * CENTRES[None], axis=2)
    assert distance.shape == (len(CENTRES), len(CENTRES))
    assert distance.min(axis=0).max() < 2.5 * DOWNSCALE
    assert found[:, 2].min() >= -6.0


def write_training_lists(job: Path) -> None:
    """`AutoPicker::trainTopaz`: micrographs by number, most of them to learn from."""
    lists = {"train": [0, 2, 3], "test": [1]}
    for name, numbers in lists.items():
        images, targets = ["image_name\tpath"], ["image_name\tx_coord\ty_coord"]
        for number in numbers:
            path = (job / f"proc/mic{number:06d}.mrc").absolute()
            write_small_micrograph(path, seed=number)
            images.append(f"{path.stem}\t{path}")
            targets += [f"{path.stem}\t{round(x)}\t{round(y)}" for x, y in CENTRES]
        (job / f"proc/image_list_{name}.txt").write_text("\n".join(images) + "\n")
        (job / f"proc/target_list_{name}.txt").write_text("\n".join(targets) + "\n")


def train_line(job: Path, other: str = "") -> str:
    return (
        f"train  -n 5 -r 4 -d 0 -o {job}/model_training.txt --num-threads=1 --num-workers=1"
        f" --train-images={job}/proc/image_list_train.txt"
        f" --test-images={job}/proc/image_list_test.txt"
        f" --train-targets={job}/proc/target_list_train.txt"
        f" --test-targets={job}/proc/target_list_test.txt"
        f" --save-prefix={job}/model {other}"
    )


def test_relion_trains_and_picks_with_the_model(
    job: Path, command: Callable[[str], tuple[object, str]]
) -> None:
    write_training_lists(job)
    code, said = command(train_line(job, "--steps 2 --num-epochs 5"))
    assert code == 0, said
    assert "ignored, because they mean nothing here: --num-epochs 5" in said
    assert "were kept: " in said or "The start was kept" in said
    assert "\nDefault threshold 0." in said
    log = [line.split("\t") for line in (job / "model_training.txt").read_text().splitlines()]
    assert log[0][:4] == ["epoch", "iter", "split", "loss"]
    assert [row[:3] for row in log[1:3]] == [["1", "1", "train"], ["1", "2", "train"]]
    assert log[-1][2] == "test"
    assert 0.0 < float(log[-1][-1]) <= 1.0
    # RELION removes its images and hands the model on by its path.
    model = job / "model_epoch10.sav"
    assert model.read_bytes() == (job / "model.safetensors").read_bytes()
    header = load_model(model).header
    assert header.classes[0].diameter_A is None
    assert header.provenance["topaz_wrapper"] == {
        "radius_px": 4,
        "diameter_px": 32.0,
        "contrast": "dark",
    }
    output = job / "proc/rank000000.txt"
    code, said = command(
        f"extract  -t -1 -r 17 -d -1 -x 6 -m {model} -o {output} {job}/proc/mic000001.mrc "
    )
    assert code == 0, said
    assert len(read_as_relion_does(output)) == len(CENTRES)


def test_a_training_that_was_stopped_goes_on_and_another_one_starts_over(
    job: Path, command: Callable[[str], tuple[object, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_training_lists(job)
    fit, seen = loop.fit, []

    def stopped_at_first(*args: Any, on_step: Callable[[Progress], None], **options: Any) -> Any:
        def tell(progress: Progress) -> None:
            on_step(progress)
            seen.append(progress.step)
            if len(seen) == 2:
                signal.raise_signal(signal.SIGTERM)

        return fit(*args, on_step=tell, **options)

    monkeypatch.setattr(training_run, "fit", stopped_at_first)
    line = train_line(job, "--steps 3")
    code, said = command(line)
    assert code == EXIT_INTERRUPTED, said
    code, said = command(line)
    assert code == 0, said
    assert seen == [0, 1, 2, 3]  # nothing was done twice
    # RELION repeats a job with other settings in the same folder.
    other = line.replace("--steps 3", "--steps 2")
    code, said = command(other)
    assert code == 0, said
    assert "other settings or data" in said
    assert seen[4:] == [0, 1, 2]
    # What was stopped after the last step was not lost, though a model lies there.
    code, said = command(other)
    assert code == 0, said
    assert seen[7:] == []
    checkpoint = job / "model.training" / "last.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    code, said = command(other)
    assert code == 0, said
    assert "not a whole safetensors file" in said
    assert seen[7:] == [0, 1, 2]


def test_labels_that_are_not_used_are_counted(
    job: Path, command: Callable[[str], tuple[object, str]]
) -> None:
    write_training_lists(job)
    targets = job / "proc/target_list_train.txt"
    lines = targets.read_text().splitlines()
    targets.write_text("\n".join([*lines, lines[1]]) + "\n")
    code, said = command(train_line(job, "--steps 1"))
    assert code == 0, said
    assert "note: 1 of " in said
    assert "and count once" in said


def test_the_published_configuration_is_trained_on_request(
    job: Path, command: Callable[[str], tuple[object, str]]
) -> None:
    write_training_lists(job)
    other = "--recipe topaz --steps 1 --minibatch-size 16 --units 4"
    code, said = command(train_line(job, other).replace("-n 5", "-n 9"))
    assert code == 0, said
    assert "--units" not in said
    network = load_model(job / "model_epoch10.sav").header.network
    assert (network.name, network.parameters.units) == ("ResNet8", 4)


def test_lists_that_do_not_belong_together_are_refused(
    job: Path, command: Callable[[str], tuple[object, str]]
) -> None:
    write_training_lists(job)
    code, said = command(train_line(job).replace("target_list_train", "target_list_test"))
    assert code == EXIT_BAD_INPUT
    assert "none of its images is listed" in said
    code, said = command(train_line(job).replace(f"--test-targets={job}", "--x="))
    assert code == EXIT_USAGE
    assert "belong together" in said
    code, said = command(train_line(job).replace("-r 4", "-r 0"))
    assert code == EXIT_USAGE
    assert "--diameter" in said
    assert not (job / "model_epoch10.sav").exists()


def test_a_micrograph_without_anything_stops_no_job(
    job: Path, command: Callable[[str], tuple[object, str]]
) -> None:
    with mrcfile.new(job / "proc/rank000001.mrc") as file:
        file.set_data(np.zeros(SHAPE, np.float32))
    output = job / "proc/rank000001.txt"
    line = f"extract -t -6 -r 17 -d -1 -x 6 -o {output} {job}/proc/rank000001.mrc"
    code, said = command(line)
    assert code == EXIT_SOME_FAILED
    assert "1 of 1 images failed" in said
    # RELION ends the whole job where this file is missing.
    assert read_as_relion_does(output).shape == (0, 3)


def test_other_arguments_are_ignored_aloud(
    job: Path, command: Callable[[str], tuple[object, str]]
) -> None:
    write_small_micrograph(job / "proc/rank000000.mrc")
    output = job / "proc/rank000000.txt"
    line = f"extract -t 0 -r 17 -d 0 -x 6 -o {output} {job}/proc/rank000000.mrc"
    extra = " --num-workers=2 --patch-size 1024 --novelty 3 --shiny -m resnet16"
    code, said = command(line + extra)
    assert code == 0
    assert "ignored, because they mean nothing here: --patch-size --novelty 3 --shiny" in said
    assert "picking with the general model" in said
    assert len(read_as_relion_does(output)) == len(CENTRES)


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ("--filaments --filaments_length 20 ", "not filaments"),
        ("--per-micrograph ", "nunatak pick --to"),
        ("--format star ", "plain tables"),
        ("--dims 3 ", "tomograms"),
        ("-m none ", "scored already"),
    ],
)
def test_what_would_change_the_meaning_is_refused(
    job: Path, command: Callable[[str], tuple[object, str]], flags: str, reason: str
) -> None:
    write_small_micrograph(job / "proc/rank000000.mrc")
    output = job / "proc/rank000000.txt"
    code, said = command(f"extract {flags} -t -6 -r 17 -o {output} {job}/proc/rank000000.mrc")
    assert code == EXIT_USAGE
    assert reason in said
    assert not output.exists()


def test_topazs_own_model_files_are_refused(
    job: Path, command: Callable[[str], tuple[object, str]]
) -> None:
    write_small_micrograph(job / "proc/rank000000.mrc")
    (job / "model_epoch10.sav").write_bytes(b"PK\x03\x04" + bytes(200))
    code, said = command(f"extract -r 17 -m {job}/model_epoch10.sav {job}/proc/rank000000.mrc")
    assert code == EXIT_BAD_INPUT
    assert "pickle" in said
    assert "nothing was unpickled" in said


@pytest.mark.parametrize("name", ["preprocess", "denoise", "convert", "gui"])
def test_topazs_other_commands_say_where_to_go(
    command: Callable[[str], tuple[object, str]], name: str
) -> None:
    code, said = command(f"{name} -s 8 something.mrc")
    assert code == EXIT_USAGE
    assert f"nunatak-topaz has no '{name}'" in said


def test_help_and_version(command: Callable[[str], tuple[object, str]]) -> None:
    assert command("--version")[1].startswith("nunatak-topaz ")
    assert "RELION_TOPAZ_EXECUTABLE" in command("--help")[1]
    assert command("extract")[0] == EXIT_USAGE


def test_the_command_is_installed_under_its_name() -> None:
    project = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text())
    module, _, function = project["project"]["scripts"]["nunatak-topaz"].partition(":")
    assert getattr(import_module(module), function) is main
