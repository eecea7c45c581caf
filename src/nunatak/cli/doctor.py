"""``nunatak doctor``: say whether this installation is in order."""

from pathlib import Path

import typer

from nunatak.cli import options
from nunatak.errors import EXIT_INTERNAL

PANEL = "Look"
EXAMPLE = "nunatak doctor"


def doctor(json_wanted: options.Json = False) -> None:
    """Check this installation: Python, torch, threads, bf16, GPU, file system, general models.

    Exits with 0 if all is in order and with 1 if something will not work. Nothing is sent
    anywhere; the output is meant to be pasted into a report.
    """
    import json
    from dataclasses import asdict

    from nunatak.doctor import State, examine

    findings = examine(Path.cwd())
    if json_wanted:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{finding.state:6}  {finding.subject:16}  {finding.found}")
            if finding.advice:
                typer.echo(f"{'':26}{finding.advice}")
    if any(finding.state is State.FAILED for finding in findings):
        raise typer.Exit(EXIT_INTERNAL)
