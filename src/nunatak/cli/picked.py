"""The end of ``nunatak pick``: what was found, the report, and what failed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nunatak.cli import console

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nunatak.detection.result import PickResult
    from nunatak.detection.volumes.volume_result import VolumePickResult
    from nunatak.images.micrograph_list import MicrographList


def conclude(
    result: "PickResult | VolumePickResult",
    listed: "MicrographList",
    *,
    in_words: str,
    origin: "Mapping[str, str]",
    report: Path | None,
    redo: bool,
    unit: str,
    **shown: Any,
) -> None:
    """Say what was found, write the report if one is wanted, and tell what failed.

    Parameters
    ----------
    result
        Of the picking.
    listed
        The images.
    in_words
        What was found.
    origin
        Where the picks come from, for the report.
    report
        HTML file to write; None for none.
    redo
        Replace a file that is no report.
    unit
        What the images are, in the plural.
    shown
        Other options of `nunatak.reports.report.build_report`.

    Raises
    ------
    typer.Exit
        With code 3, if some images could not be picked.
    """
    console.say(in_words)
    failures = [(failure.image, failure.reason) for failure in result.failures]
    if report is not None:
        from nunatak.reports.locate import locate_images
        from nunatak.reports.report import build_report

        build_report(
            locate_images(result.picks, [str(one.path) for one in listed]),
            report,
            keep_selection=True,
            provenance=origin,
            failures=failures,
            redo=redo,
            **shown,
        )
        console.say(f"{report} shows them.")
    console.report_failures(failures, total=len(listed) + len(listed.missing), unit=unit)
