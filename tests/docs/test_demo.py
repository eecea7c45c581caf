"""What ``make demo`` calls exists."""

import re
import shlex
from pathlib import Path
from typing import Any

import typer

from nunatak.cli.main import _flags_first, app

ROOT = Path(__file__).resolve().parents[2]


def demo_commands() -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    return re.findall(r"\$\(BIN\)/nunatak (.*)", recipe[1])


def test_the_commands_of_the_demo_can_be_given() -> None:
    for line in demo_commands():
        command: Any = typer.main.get_command(app)
        words = _flags_first(shlex.split(line))
        while words[0] in getattr(command, "commands", {}):
            command, words = command.commands[words[0]], words[1:]
        # Parses and checks the words, and runs nothing.
        command.make_context("nunatak", words)


def test_the_demo_shows_both_kinds_of_images() -> None:
    simulated = [line.split()[1] for line in demo_commands() if line.startswith("simulate ")]
    assert simulated == ["micrographs", "tomograms"]
    for verb in ("pick", "report"):
        assert sum(line.startswith(f"{verb} ") for line in demo_commands()) == 2, verb


def test_the_demo_ends_with_pruning_what_it_has_picked() -> None:
    lines = demo_commands()
    written = [words[words.index("-o") + 1] for words in map(shlex.split, lines) if "-o" in words]
    *_, prune, evaluate = map(shlex.split, lines)
    assert prune[0] == "prune"
    assert prune[1] in written
    # The picks are judged before and after, in the same way.
    kept = prune[prune.index("-o") + 1]
    before = ["evaluate", prune[1], *evaluate[2:]]
    assert evaluate[:2] == ["evaluate", kept]
    assert before in map(shlex.split, lines)
