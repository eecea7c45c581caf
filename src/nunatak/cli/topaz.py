"""``nunatak-topaz``: answers the command lines with which RELION calls Topaz."""

import argparse
import logging
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import typer

from nunatak import __version__
from nunatak.cli import console
from nunatak.cli.main import run
from nunatak.cli.topaz_flags import (
    ELSEWHERE,
    EXTRACT_IGNORED,
    REFUSED,
    TRAIN_IGNORED,
    TRAIN_PUBLISHED,
    leftover,
    refuse,
)
from nunatak.errors import EXIT_OK, UsageError

_log = logging.getLogger("nunatak")

DESCRIPTION = """\
Train and pick with nunatak where a program expects Topaz. In RELION, name this command as the
Topaz executable, or set RELION_TOPAZ_EXECUTABLE to it. Lengths are in pixels of the images given.
"""

TOPAZ_MODELS = ("resnet8", "resnet16", "conv31", "conv63", "conv127")


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command and exit with the code that belongs to what happened.

    Parameters
    ----------
    arguments
        Words after the program's name; None takes those of the process.

    Raises
    ------
    SystemExit
        Always.
    """
    run(lambda: _command(sys.argv[1:] if arguments is None else arguments))


def _command(words: list[str]) -> NoReturn:
    console.set_up_logging(logging.INFO if "--verbose" in words else logging.WARNING)
    _refuse_other_commands(words)
    parser = _parser()
    given, extras = parser.parse_known_args(words)
    refuse(_with_prefix(given, "ignored "))
    answer: Callable[[argparse.Namespace, list[str], list[str]], None] = given.answer
    answer(given, extras, words)
    sys.exit(EXIT_OK)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nunatak-topaz", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"nunatak-topaz {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    train = commands.add_parser("train", help="train a model on labels")
    _add_train_flags(train)
    train.set_defaults(answer=_train)
    extract = commands.add_parser("extract", help="pick particles")
    _add_extract_flags(extract)
    extract.set_defaults(answer=_extract)
    return parser


def _add_common_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-d", "--device", type=int, metavar="N", help="GPU; negative: processor")
    parser.add_argument("-j", "--num-threads", type=int, default=0, metavar="N")
    parser.add_argument(
        "--diameter", type=float, metavar="PX", help="particle diameter; default: from -r"
    )
    parser.add_argument("-v", "--verbose", action="store_true")
    _add_ignored(parser, {flag: has_value for flag, (has_value, *_rest) in REFUSED.items()})


def _add_train_flags(parser: argparse.ArgumentParser) -> None:
    _add_common_flags(parser)
    parser.add_argument("--train-images", type=Path, required=True, metavar="LIST")
    parser.add_argument("--train-targets", type=Path, required=True, metavar="TABLE")
    parser.add_argument("--test-images", type=Path, metavar="LIST", help="held out")
    parser.add_argument("--test-targets", type=Path, metavar="TABLE")
    parser.add_argument(
        "-n", "--num-particles", type=float, default=-1.0, help="expected in an image"
    )
    parser.add_argument("-r", "--radius", type=int, default=3, help="an eighth of the diameter")
    parser.add_argument("--save-prefix", type=Path, required=True, metavar="PATH")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="training log")
    parser.add_argument(
        "--recipe", choices=["topaz"], help="the published configuration instead of nunatak's own"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="updates; default: the recipe's")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    for flag, kind in TRAIN_PUBLISHED.items():
        names = ("-m", flag) if flag == "--model" else (flag,)
        parser.add_argument(*names, type=kind, dest=f"published {flag}", help=argparse.SUPPRESS)
    _add_ignored(parser, TRAIN_IGNORED)


def _add_extract_flags(parser: argparse.ArgumentParser) -> None:
    _add_common_flags(parser)
    parser.add_argument("paths", nargs="*", metavar="IMAGE")
    parser.add_argument("-r", "--radius", type=int, required=True, help="particle radius")
    parser.add_argument(
        "-t", "--threshold", type=float, default=-6.0, help="log-likelihood ratio; default: -6"
    )
    parser.add_argument("-x", "--up-scale", type=float, default=1.0, metavar="FACTOR")
    parser.add_argument("-s", "--down-scale", type=float, default=1.0, metavar="FACTOR")
    parser.add_argument("-m", "--model", default=None, metavar="FILE")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: print")
    parser.add_argument("--contrast", choices=["dark", "light", "auto"])
    _add_ignored(parser, EXTRACT_IGNORED)


def _add_ignored(parser: argparse.ArgumentParser, flags: dict[str, bool]) -> None:
    """Take Topaz's other flags with their values, so that no value is taken for an image."""
    for flag, has_value in flags.items():
        parser.add_argument(
            flag,
            action="append" if has_value else "append_const",
            **({} if has_value else {"const": ""}),  # type: ignore[arg-type]
            dest=f"ignored {flag}",
            help=argparse.SUPPRESS,
        )


def _train(given: argparse.Namespace, extras: list[str], _words: list[str]) -> None:
    from nunatak.learning.settings import LearningSettings, changed
    from nunatak.learning.topaz_lengths import device_name, training_diameter_px
    from nunatak.learning.topaz_train import TrainCall, train_for_topaz
    from nunatak.recipes.topaz import as_called

    diameter_px = given.diameter or training_diameter_px(given.radius)
    flags = _with_prefix(given, "published ")
    if given.recipe == "topaz":
        named = {flag.lstrip("-").replace("-", "_"): value for flag, value in flags.items()}
        settings = as_called(named, radius_px=given.radius, diameter_px=diameter_px)
    else:
        settings = LearningSettings()
        extras = [*extras, *_as_words(flags)]
    _warn_of_ignored(given, extras)
    own = {"seed": given.seed, "steps": given.steps}
    own = {name: value for name, value in own.items() if value is not None}
    call = TrainCall(
        train=(given.train_images, given.train_targets),
        test=(given.test_images, given.test_targets),
        expected_particles=given.num_particles if given.num_particles > 0 else None,
        radius_px=given.radius,
        diameter_px=diameter_px,
        save_prefix=given.save_prefix,
        log=given.output,
        settings=changed(settings, own),
        device=device_name(given.device),
        threads=given.num_threads if given.num_threads > 0 else None,
    )
    with console.progress("Training", None, unit="updates") as advance:
        trained = train_for_topaz(call, on_progress=advance)
    console.say(trained.in_words)


def _extract(given: argparse.Namespace, extras: list[str], words: list[str]) -> None:
    from nunatak.detection.pick import GENERAL_MODEL
    from nunatak.files import write_text
    from nunatak.learning.topaz_extract import extract
    from nunatak.learning.topaz_lengths import device_name

    ignored, stray = leftover(extras, words)
    _warn_of_ignored(given, ignored)
    images = [word for word in given.paths if word not in ignored] + stray
    if not images:
        raise UsageError("extract: no image was named.")
    found = extract(
        images,
        radius_px=given.radius,
        threshold=given.threshold,
        coordinate_scale=given.up_scale / given.down_scale,
        model=_model(given.model) or GENERAL_MODEL,
        diameter_px=given.diameter,
        contrast=given.contrast,
        device=device_name(given.device),
        threads=given.num_threads if given.num_threads > 0 else None,
    )
    if given.output is None:
        typer.echo(found.text, nl=False)
    else:
        write_text(given.output, found.text)
    console.say(f"{found.count} particles in {len(images)} images.")
    failures = [(failure.image, failure.reason) for failure in found.failures]
    console.report_failures(failures, total=len(images), unit="images")


def _model(name: str | None) -> str | None:
    if name is None or Path(name).exists():
        return name
    if name == "none":
        raise UsageError("-m none: images that are scored already cannot be picked.")
    if name.partition("_")[0] in TOPAZ_MODELS:
        _log.warning("-m %s: Topaz's own models are not used; picking with the general model", name)
        return None
    return name


def _refuse_other_commands(words: Sequence[str]) -> None:
    command = words[0] if words else ""
    if command in ELSEWHERE:
        raise UsageError(f"nunatak-topaz has no '{command}': {ELSEWHERE[command]}.")


def _with_prefix(given: argparse.Namespace, prefix: str) -> dict[str, object]:
    return {
        name.removeprefix(prefix): value
        for name, value in vars(given).items()
        if name.startswith(prefix) and value is not None
    }


def _as_words(flags: dict[str, object]) -> list[str]:
    return [word for flag, value in flags.items() for word in (flag, str(value))]


def _warn_of_ignored(given: argparse.Namespace, extras: Sequence[str]) -> None:
    words = [*_with_prefix(given, "ignored "), *extras]
    if words:
        _log.warning("ignored, because they mean nothing here: %s", shlex.join(words))
