"""``nunatak info``: say what is in a file."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import console, options

PANEL = "Look"
EXAMPLE = "nunatak info micrographs/0001.mrc picks.star general-2d.safetensors"


def info(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Images, folders of images, STAR files that list micrographs or tomograms, copick "
            "projects, pick files, models, folders of trainings; any mixture.",
            show_default=False,
        ),
    ],
    *,
    json_wanted: options.Json = False,
) -> None:
    """Describe images, picks, models and trainings: sizes, counts, scores, provenance, progress.

    Only headers are read of images, and of a large folder those of some images.
    Exits with 3 if some of several files cannot be read.
    """
    import json

    from nunatak.describe import describe_all

    described, failures = describe_all(files)
    if len(files) == 1 and failures:
        raise failures[0][1]
    if json_wanted:
        typer.echo(json.dumps(described, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n\n".join(console.aligned(description) for description in described))
    console.report_failures(failures, total=len(files))
