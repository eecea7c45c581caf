"""``nunatak simulate tomograms``."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from nunatak.cli.simulate import app
from nunatak.errors import BadInput, FormatError, UsageError
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig

SMALL = [
    *("-n", "1", "--shape", "24", "48", "56", "--mode", "direct", "--classes", "1", "-j", "1"),
    *("--occupancy", "0.1", "0.2"),
]
FIELDS = {"classes": "complexes"}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["tomograms", *words], catch_exceptions=False)


def command() -> typer.core.TyperCommand:
    found = typer.main.get_command(app).commands["tomograms"]  # type: ignore[attr-defined]
    assert isinstance(found, typer.core.TyperCommand)
    return found


def test_a_data_set_from_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    result = run("-o", str(folder), *SMALL)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert {entry.name for entry in folder.iterdir()} == {
        "config.json", "copick", "copick.json", "parameters", "particles.csv", "particles.star",
        "tomograms", "tomograms.star",
    }  # fmt: skip
    assert [entry.name for entry in (folder / "tomograms").iterdir()] == ["tomo_000001.mrc"]
    particles = len((folder / "particles.csv").read_text().splitlines()) - 1
    assert particles > 0
    assert re.search(rf"complex-1: diameter \d+ Å, {particles} particles", result.stderr)
    assert f"1 tomograms (0 were already there) with {particles} particles" in result.stderr
    again = run("-o", str(folder), *SMALL)
    assert "1 tomograms (1 were already there)" in again.stderr


def test_a_file_and_options(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('format = "zarr"\ndensities = ["nowhere.mrc"]\nseed = 4\n')
    result = run("-o", str(tmp_path / "made"), "--config", str(file), *SMALL, "--seed", "9")
    assert result.exit_code == 0
    assert (tmp_path / "made/copick/ExperimentRuns/tomo_000001/VoxelSpacing10.000").is_dir()
    config = (tmp_path / "made/config.json").read_text()
    assert '"seed": 9' in config
    assert '"densities": []' in config  # --classes goes before the file


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--snr", "2", "1"], "snr: the range 2 to 1 runs backwards"),
        (
            ["--shape", "8", "64", "9"],
            r"^Cannot simulate this: shape: Input should be greater than or equal to 16 "
            r"\(found z = 8, x = 9\)$",
        ),
        (["--shape", "9000", "9000", "9000"], "more than 1.07e"),
        (["--voxel-size", "0.1"], r"voxel_size_A: .* or equal to 1 \(found 0\.1\)$"),
        (["--voxel-size", "nan"], "voxel_size_A: Input should be a finite number"),
        (["--density", "a.pdb"], "--classes draws built-in complexes, and --density names"),
    ],
)
def test_impossible_wishes(tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run("-o", str(tmp_path / "made"), *SMALL, *words)
    assert not (tmp_path / "made").exists()


def test_what_the_file_lacks_has_no_value(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("shape = [100, 200]\nbogus = 3\n")
    with pytest.raises(FormatError) as caught:
        run("-o", str(tmp_path / "made"), "--config", str(file))
    assert str(caught.value) == (
        f"{file}: shape: Field required; bogus: Extra inputs are not permitted (found 3)"
    )


def test_densities_and_folders_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.pdb: no such file"):
        run("-o", str(tmp_path / "made"), "-n", "1", "--density", str(tmp_path / "none.pdb"))
    with pytest.raises(BadInput, match=r"none\.pdb: no such file"):
        run("-o", str(tmp_path / "made"), "-n", "1", "--distractor", str(tmp_path / "none.pdb"))
    assert not (tmp_path / "made").exists()


def test_the_defaults_in_the_help_are_those_of_the_configuration() -> None:
    fields = VolumeDatasetConfig().model_dump()
    shown = {}
    for option in command().params:
        stated = re.search(r"Default: ([\d. ]+|\w+)\.$", option.help or "")  # type: ignore[attr-defined]
        field = FIELDS.get(option.name or "", option.name)
        if stated and field in fields:
            shown[field] = stated.group(1)
    assert shown.keys() == {
        "count", "format", "mode", "shape", "voxel_size_A", "complexes", "occupancy", "snr",
        "defocus_A", "protein", "seed",
    }  # fmt: skip
    for field, text in shown.items():
        value = fields[field]
        values = value if isinstance(value, tuple) else (value,)
        expected = [one if isinstance(one, str) else f"{one:g}" for one in values]
        assert text.split() == expected, field


def test_every_value_has_a_unit_in_the_help() -> None:
    values = [one for one in command().params if not one.is_flag and one.name != "help"]  # type: ignore[attr-defined]
    assert [one.name for one in values if one.metavar is None] == []
