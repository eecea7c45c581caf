"""The ``nunatak`` command: registers the verbs and turns errors into messages and exit codes."""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from nunatak import __version__
from nunatak.cli import (
    console,
    convert,
    convert_model,
    doctor,
    evaluate,
    info,
    label,
    merge,
    orientation,
    pick,
    prune,
    recipe,
    report,
    simulate,
    train,
)
from nunatak.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, Interrupted, NunatakError

EXIT_BROKEN_PIPE = 128 + 13
"""What a shell reports for a program ended by SIGPIPE."""

VERBS: tuple[ModuleType, ...] = (
    pick,
    label,
    prune,
    report,
    train,
    recipe,
    convert_model,
    convert,
    orientation,
    merge,
    evaluate,
    simulate,
    info,
    doctor,
)
"""In the order of the help."""

GLOBAL_FLAGS = frozenset({"--verbose", "-v", "--quiet", "-q", "--debug"})

_INTERRUPTED = "interrupted; what was finished is kept"


class _Commands(TyperGroup):
    """The verbs. Typer would end an interrupted one without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise Interrupted(_INTERRUPTED) from interrupt


app = typer.Typer(
    name="nunatak",
    cls=_Commands,
    epilog=f"[bold]Example:[/bold] {pick.EXAMPLE}",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"nunatak {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda wanted: _print_version(wanted=wanted),
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more about what is being done.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but errors; no progress.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Say everything, with tracebacks of errors.")
    ] = False,
) -> None:
    """Find particles in cryo-EM micrographs from few or no labels."""
    level = logging.WARNING
    if debug:
        level = logging.DEBUG
    elif verbose:
        level = logging.INFO
    elif quiet:
        level = logging.ERROR
    console.set_up_logging(level)


def _register(module: ModuleType) -> None:
    function_name = module.__name__.rpartition(".")[2]
    verb = function_name.replace("_", "-")
    # A bracket in an example is text, not markup.
    epilog = "[bold]Example:[/bold] " + module.EXAMPLE.replace("[", "\\[")
    if hasattr(module, "app"):
        app.add_typer(module.app, name=verb, rich_help_panel=module.PANEL, epilog=epilog)
    else:
        function = getattr(module, function_name)
        app.command(verb, rich_help_panel=module.PANEL, epilog=epilog)(function)


for _module in VERBS:
    _register(_module)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code that belongs to what happened.

    Parameters
    ----------
    arguments
        Words after the program's name; None takes those of the process.

    Raises
    ------
    SystemExit
        Always: 0 when all is well, the error's own code otherwise (see `nunatak.errors`).
    """
    words = sys.argv[1:] if arguments is None else arguments
    run(lambda: app(args=_flags_first(words), prog_name="nunatak"))


def run(command: Callable[[], object]) -> NoReturn:
    """Run a command that ends by raising, and exit with the code that belongs to its end.

    Parameters
    ----------
    command
        Raises SystemExit when all is well.

    Raises
    ------
    SystemExit
        Always.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        command()
    except typer.Exit as end:
        sys.exit(_flushed(end.exit_code))
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            _end_quietly()
        sys.exit(_flushed(end.code))
    except NunatakError as error:
        _end(str(error), error.exit_code)
    except KeyboardInterrupt:
        _end(_INTERRUPTED, EXIT_INTERRUPTED)
    except MemoryError:
        _end("out of memory. Close other programs or use fewer threads", EXIT_INTERNAL)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _end(f"{where}{error.strerror or error}", EXIT_INTERNAL)
    except Exception as error:  # the last line of defence: a message, never a bare traceback
        _end(
            f"unexpected {type(error).__name__}: {error}. This is a fault of nunatak. Please "
            "report it with the output of 'nunatak doctor' and of this command with --debug added",
            EXIT_INTERNAL,
        )
    raise AssertionError("unreachable")  # pragma: no cover


def _flags_first(words: list[str]) -> list[str]:
    # So that "nunatak pick ... --debug" works as well as "nunatak --debug pick ...".
    end = words.index("--") if "--" in words else len(words)
    flags = [word for word in words[:end] if word in GLOBAL_FLAGS]
    others = [word for word in words[:end] if word not in GLOBAL_FLAGS]
    return flags + others + words[end:]


def _interrupt(_number: int, _frame: object) -> NoReturn:
    # A cluster's scheduler asks in this way; the same clean-up runs as for Ctrl-C.
    raise KeyboardInterrupt


def _flushed(code: str | int | None) -> str | int | None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _end_quietly()
    except OSError as error:
        _discard_stdout()
        _end(f"cannot write to standard output ({error.strerror})", EXIT_INTERNAL)
    return code


def _end(message: str, code: int) -> NoReturn:
    if logging.getLogger("nunatak").isEnabledFor(logging.DEBUG):
        traceback.print_exc()
    typer.echo(f"nunatak: {message.rstrip('.')}.", err=True)
    sys.exit(_flushed(code))


def _end_quietly() -> NoReturn:
    _discard_stdout()
    sys.exit(EXIT_BROKEN_PIPE)


def _discard_stdout() -> None:
    # Where standard output cannot be written any more (its reader has gone, as after "| head"),
    # the interpreter's own flush at exit must not complain a second time.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
