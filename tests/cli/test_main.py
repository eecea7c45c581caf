"""What every command has in common: quick help, clear errors, exit codes, quiet pipes."""

import logging
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.text import Text

import nunatak
from nunatak.cli import main as main_module
from nunatak.cli.main import GLOBAL_FLAGS, app, main
from nunatak.errors import BadInput, Interrupted, NunatakError, ResourceError, UsageError

VERBS = [module.__name__.rpartition(".")[2].replace("_", "-") for module in main_module.VERBS]
ENTRY = (sys.executable, "-c", "from nunatak.cli.main import main; main()")


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ENTRY, *words], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def _restored() -> Iterator[None]:
    """Put back the signal handler that `main` installs."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def all_commands() -> dict[str, typer.core.TyperCommand]:
    """Every command by its full name, groups included."""
    found = {}

    def walk(name: str, command: typer.core.TyperCommand) -> None:
        found[name] = command
        for child_name, child in getattr(command, "commands", {}).items():
            walk(f"{name} {child_name}", child)

    walk("nunatak", typer.main.get_command(app))
    return found


# --- help ---------------------------------------------------------------------------------------


def test_help_imports_nothing_heavy() -> None:
    heavy = {"numpy", "pandas", "scipy", "matplotlib", "torch", "gemmi", "mrcfile", "pydantic"}
    script = (
        "import sys\n"
        "from nunatak.cli.main import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in sorted({heavy}) if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "LOADED []"


def test_help_is_quick() -> None:
    # The promise is 0.4 s. Processor time does not depend on what else the machine does; twice
    # the promise is allowed for slow machines.
    def processor_seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(processor_seconds() for _ in range(5)) < 0.8


def test_help_lists_every_verb() -> None:
    text = run("--help", env={**os.environ, "COLUMNS": "100"}).stdout
    assert set(VERBS) <= set(re.findall(r"^│ ([a-z-]+) ", text, re.MULTILINE))


def test_version() -> None:
    assert run("--version").stdout == f"nunatak {nunatak.__version__}\n"


@pytest.mark.parametrize(("name", "command"), all_commands().items(), ids=str)
def test_every_command_is_described(name: str, command: typer.core.TyperCommand) -> None:
    assert command.help, f"{name} has no help"
    for parameter in command.params:
        if parameter.name == "help":
            continue
        assert parameter.help, f"{name}: {parameter.name} has no help"
        # A unit in brackets, such as "[px]", would be swallowed as markup.
        assert Text.from_markup(parameter.help).plain == parameter.help
    if name != "nunatak":
        flags = {flag for parameter in command.params for flag in parameter.opts}
        assert not flags & GLOBAL_FLAGS, f"{name} redefines a global flag"


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_an_example_that_parses(name: str) -> None:
    epilog = all_commands()[f"nunatak {name}"].epilog
    assert epilog is not None
    words = shlex.split(epilog.replace("\\[", "[").partition("[/bold] ")[2])
    assert words[:2] == ["nunatak", name]
    command, rest = all_commands()[f"nunatak {name}"], words[2:]
    children = getattr(command, "commands", None)
    if children is not None:
        command, rest = children[rest[0]], rest[1:]
    command.make_context("nunatak", rest)


def test_completion_offers_the_verbs() -> None:
    environment = {
        **os.environ,
        "_NUNATAK_COMPLETE": "complete_bash",
        "COMP_WORDS": "nunatak d",
        "COMP_CWORD": "1",
    }
    assert run(env=environment).stdout.split() == ["doctor"]


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize(
    ("problem", "code", "message"),
    [
        (UsageError("give --diameter"), 2, "nunatak: give --diameter.\n"),
        (BadInput("a.mrc: 0 bytes."), 4, "nunatak: a.mrc: 0 bytes.\n"),
        (ResourceError("disk full"), 1, "nunatak: disk full.\n"),
        (Interrupted("stopped"), 130, "nunatak: stopped.\n"),
        (NunatakError("odd"), 1, "nunatak: odd.\n"),
        (KeyboardInterrupt(), 130, "nunatak: interrupted; what was finished is kept.\n"),
        (OSError(13, "Permission denied", "x.mrc"), 1, "nunatak: x.mrc: Permission denied.\n"),
        (MemoryError(), 1, "nunatak: out of memory. Close other programs or use fewer threads.\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_become_messages_and_codes(
    problem: BaseException,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(**_: object) -> None:
        raise problem

    monkeypatch.setattr(main_module, "app", fail)
    with pytest.raises(SystemExit) as end:
        main(["verb"])
    assert end.value.code == code
    captured = capsys.readouterr()
    assert captured.err == message
    assert captured.out == ""


@pytest.mark.usefixtures("_restored")
def test_unexpected_errors_ask_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main_module, "app", lambda **_: {}["missing"])
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 1
    text = capsys.readouterr().err
    assert "unexpected KeyError: 'missing'" in text
    assert "nunatak doctor" in text
    assert "Traceback" not in text


@pytest.mark.usefixtures("_restored")
def test_debug_adds_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("nunatak").setLevel(logging.DEBUG)
    monkeypatch.setattr(main_module, "app", lambda **_: {}["missing"])
    with pytest.raises(SystemExit):
        main([])
    assert "Traceback" in capsys.readouterr().err


def test_wrong_usage_exits_with_2_and_suggests() -> None:
    result = run("docto")
    assert result.returncode == 2
    assert "Did you mean 'doctor'?" in result.stderr
    assert result.stdout == ""


def test_global_flags_work_after_the_verb_too() -> None:
    assert main_module._flags_first(["pick", "a", "--debug", "-o", "b"]) == [
        "--debug",
        "pick",
        "a",
        "-o",
        "b",
    ]
    assert main_module._flags_first(["pick", "--", "-v"]) == ["pick", "--", "-v"]


# --- processes ----------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        result = subprocess.run(
            [*ENTRY, "--help"], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.stderr == ""
    assert result.returncode == main_module.EXIT_BROKEN_PIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_reported() -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*ENTRY, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert result.stderr == "nunatak: No space left on device.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_with_clean_up(number: signal.Signals) -> None:
    script = (
        "import time\n"
        "from nunatak.cli import main as m\n"
        "def work(**_):\n"
        "    try:\n        print('ready', flush=True); time.sleep(30)\n"
        "    finally:\n        print('clean', flush=True)\n"
        "m.app = work\n"
        "m.main([])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert out == "clean\n"
    assert err == "nunatak: interrupted; what was finished is kept.\n"
    assert process.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_so(number: signal.Signals, tmp_path: Path) -> None:
    words = ["simulate", "micrographs", "-o", "sim", "-n", "200", "--shape", "256", "256"]
    with subprocess.Popen(
        [*ENTRY, *words, "--threads", "1"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("sim/parameters/*.json")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert err.endswith("nunatak: interrupted; what was finished is kept.\n")
    assert process.returncode == 130
