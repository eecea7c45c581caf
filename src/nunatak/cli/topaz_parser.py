"""The command line of ``nunatak-topaz``: Topaz's flags, and a few of its own."""

import argparse
from collections.abc import Callable
from pathlib import Path

from nunatak import __version__
from nunatak.cli.topaz_flags import EXTRACT_IGNORED, REFUSED, TRAIN_IGNORED, TRAIN_PUBLISHED

Answer = Callable[[argparse.Namespace, list[str], list[str]], None]
"""Given what was parsed, what was not understood, and all words."""

DESCRIPTION = """\
Train and pick with nunatak where a program expects Topaz. In RELION, name this command as the
Topaz executable, or set RELION_TOPAZ_EXECUTABLE to it. Lengths are in pixels of the images given.
"""


def build_parser(*, train: Answer, extract: Answer) -> argparse.ArgumentParser:
    """Make the parser of ``nunatak-topaz``; its result names who answers in ``answer``.

    Topaz's own kind of parser is used, so that every spelling that Topaz takes is taken here.

    Parameters
    ----------
    train, extract
        Answer the two commands.
    """
    parser = argparse.ArgumentParser(prog="nunatak-topaz", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"nunatak-topaz {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    train_parser = commands.add_parser("train", help="train a model on labels")
    _add_train_flags(train_parser)
    train_parser.set_defaults(answer=train)
    extract_parser = commands.add_parser("extract", help="pick particles")
    _add_extract_flags(extract_parser)
    extract_parser.set_defaults(answer=extract)
    return parser


def _add_common_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-d", "--device", type=int, metavar="N", help="GPU; negative: processor")
    parser.add_argument("-j", "--num-threads", type=int, default=0, metavar="N")
    # RELION always gives it; there are no such processes here, and that needs no warning.
    parser.add_argument("--num-workers", type=int, help=argparse.SUPPRESS)
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
