"""``nunatak-topaz``: answers the command lines with which RELION calls Topaz."""

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer

from nunatak.cli import console
from nunatak.cli.main import run
from nunatak.cli.topaz_flags import ELSEWHERE, leftover, refuse
from nunatak.cli.topaz_parser import Answer, build_parser
from nunatak.errors import EXIT_OK, UsageError

_log = logging.getLogger("nunatak")

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
    parser = build_parser(train=_train, extract=_extract)
    given, extras = parser.parse_known_args(words)
    refuse(_with_prefix(given, "ignored "))
    answer: Answer = given.answer
    answer(given, extras, words)
    sys.exit(EXIT_OK)


def _train(given: argparse.Namespace, extras: list[str], _words: list[str]) -> None:
    from nunatak.learning.settings import LearningSettings, changed
    from nunatak.learning.topaz.lengths import device_name, training_diameter_px
    from nunatak.learning.topaz.train import TrainCall, train_for_topaz
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
    with console.progress("Training", call.settings.steps, unit="updates") as advance:
        reach = console.reached(advance)
        trained = train_for_topaz(call, on_progress=lambda progress: reach(progress.step))
    console.say(trained.in_words)
    console.report_failures(trained.failures, total=trained.n_images, unit="images")


def _extract(given: argparse.Namespace, extras: list[str], words: list[str]) -> None:
    from nunatak.detection.pick import GENERAL_MODEL
    from nunatak.files import write_text
    from nunatak.learning.topaz.extract import extract
    from nunatak.learning.topaz.lengths import device_name

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
    console.say(f"{found.count} candidates from {given.threshold:g} on in {len(images)} images.")
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
