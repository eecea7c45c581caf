"""The manual is in step with the program, builds, and fetches nothing."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import nunatak
from nunatak.cli.main import _flags_first, app
from nunatak.describe import describe
from nunatak.picks.formats import FORMATS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs/hooks/reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def leaves(name: str, command: typer.core.TyperCommand) -> list[tuple[str, object]]:
    children = getattr(command, "commands", {})
    if not children:
        return [(name, command)]
    return [leaf for key, child in children.items() for leaf in leaves(f"{name} {key}", child)]


def test_every_command_and_option_is_in_the_reference(reference: ModuleType) -> None:
    sections = dict(
        re.findall(
            r"^### (nunatak [^\n]+)\n(.*?)(?=^##|\Z)",
            reference.commands_reference(),
            re.MULTILINE | re.DOTALL,
        )
    )
    for name, command in leaves("nunatak", typer.main.get_command(app)):
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert parameter.opts[0] in sections[name], f"{name} {parameter.opts[0]}"


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_commands_shown_to_users_can_be_given(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    for line in (line for line in lines if line.startswith("nunatak ")):
        command: Any = typer.main.get_command(app)
        words = _flags_first(shlex.split(line, comments=True)[1:])
        while words and words[0] in getattr(command, "commands", {}):
            command, words = command.commands[words[0]], words[1:]
        if command.name == "nunatak" and words[0].startswith("--"):
            # Not parsed: options such as --install-completion act at once.
            assert words[0] in {flag for option in command.params for flag in option.opts}
            continue
        try:
            # Parses and checks the words, and runs nothing.
            command.make_context("nunatak", words)
        except Exception as error:
            raise AssertionError(f"{page.name}: {line}: {error}") from error


def test_python_shown_to_users_calls_what_exists() -> None:
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "docs/api.md", "exec")
        assert set(re.findall(r"nunatak\.(\w+)\(", block)) <= set(nunatak.__all__)


def test_every_pick_format_has_its_conventions_explained() -> None:
    text = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)
    assert sorted(explained) == sorted(FORMATS)


def test_the_manual_builds_and_fetches_nothing(site: Path) -> None:
    pages = list(site.glob("*.html"))
    assert {page.name for page in pages} >= {"index.html", "commands.html", "formats.html"}
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]+src="https?://|<link[^>]+rel="stylesheet"[^>]+href="https?://'
    )
    for page in pages:
        assert not loaded.search(page.read_text(encoding="utf-8")), page.name


def test_no_marker_is_left_over(site: Path) -> None:
    for page in site.glob("*.html"):
        assert not re.search(r"(&lt;|<)!-- (commands|api|formats)", page.read_text("utf-8"))


def test_the_default_threshold_in_the_manual_is_the_models() -> None:
    text = (ROOT / "docs/first-pick.md").read_text(encoding="utf-8")
    assert f"The default threshold, {describe('general-2d')['default threshold']}," in text
