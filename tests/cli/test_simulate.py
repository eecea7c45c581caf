"""``nunatak simulate``."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from nunatak.cli.simulate import app
from nunatak.errors import UsageError
from nunatak.simulate.random_scene import JUNK_PROBABILITY

SMALL = ["-n", "2", "--shape", "128", "160", "--pixel-size", "6", "--junk", "0"]


def run(*words: str) -> object:
    return CliRunner().invoke(app, ["micrographs", *words], catch_exceptions=False)


def test_a_data_set_from_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    result = run("-o", str(folder), *SMALL, "--threads", "1", "--dtype", "int16")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert {entry.name for entry in folder.iterdir()} == {
        "config.json", "masks", "micrographs", "micrographs_ctf.star", "parameters",
        "particles.star",
    }  # fmt: skip
    assert len(list((folder / "micrographs").glob("*.mrc"))) == 2
    assert "2 micrographs (0 were already there)" in result.stderr
    again = run("-o", str(folder), *SMALL, "--dtype", "int16")
    assert "2 micrographs (2 were already there)" in again.stderr


def test_fewer_particles_than_asked_for_are_said(tmp_path: Path) -> None:
    sized = [*SMALL, "--diameter", "150", "--threads", "1"]
    crowded = run("-o", str(tmp_path / "crowded"), *sized, "--particles", "500", "500").stderr
    assert "a micrograph, and at least 500 were asked for" in crowded
    assert crowded.count("Warning") == 1
    sparse = run("-o", str(tmp_path / "sparse"), *sized, "-n", "1", "--particles", "1", "1").stderr
    assert "1 micrograph (0 were already there)" in sparse


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--defocus", "30000", "10000"], "defocus_A: the range 30000 to 10000 runs backwards"),
        (["--dtype", "int8"], "dtype: Input should be 'float32' or 'int16'"),
        (["--junk-kind", "dust"], "unknown kinds of junk: dust"),
        (["--diameter", "5"], "diameter_A: Input should be greater than or equal to 30"),
        (["--diameter", "100", "--density", "a.pdb"], "given densities keep their own size"),
    ],
)
def test_impossible_wishes(tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run("-o", str(tmp_path / "made"), *SMALL, *words)
    assert not (tmp_path / "made").exists()


def test_the_help_names_every_kind_of_junk() -> None:
    command = typer.main.get_command(app).commands["micrographs"]
    described = next(one.help for one in command.params if one.name == "junk_kind")
    assert [kind for kind in JUNK_PROBABILITY if kind not in described] == []


def test_every_value_has_a_unit_in_the_help() -> None:
    command = typer.main.get_command(app).commands["micrographs"]
    values = [one for one in command.params if not one.is_flag and one.name != "help"]
    assert [one.name for one in values if one.metavar is None] == []
