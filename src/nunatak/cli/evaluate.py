"""``nunatak evaluate``: judge picks by a truth set."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import options

PANEL = "Convert and compare"
EXAMPLE = "nunatak evaluate picks.star labels.star --radius 45"

MATCHING = "Matching"


def evaluate(
    picks: Annotated[
        Path,
        typer.Argument(
            metavar="PICKS",
            help="The picks to judge, all of them with their scores; any format of 'convert'.",
            show_default=False,
        ),
    ],
    truth: Annotated[
        Path,
        typer.Argument(metavar="TRUTH", help="The true positions; any format.", show_default=False),
    ],
    *,
    radius_A: Annotated[
        float | None,
        typer.Option(
            "--radius",
            "-r",
            metavar="Å",
            help="Greatest distance between a pick and the particle it stands for, Å; half the "
            "particle's radius is customary. Needs the pixel size.",
            show_default=False,
            rich_help_panel=MATCHING,
        ),
    ] = None,
    radius_px: Annotated[
        float | None,
        typer.Option(
            "--radius-px",
            metavar="PX",
            help="The same in pixels of the stored image, instead of --radius.",
            show_default=False,
            rich_help_panel=MATCHING,
        ),
    ] = None,
    micrographs: options.Micrographs = None,
    pixel_size_A: Annotated[
        float | None,
        typer.Option(
            "--pixel-size",
            metavar="Å",
            min=0.01,
            help="Pixel size, Å per pixel. Default: from the files, where they state it.",
            show_default=False,
            rich_help_panel=MATCHING,
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            "-t",
            metavar="SCORE",
            help="Also judge the picks with at least this score. The threshold of the best F1 is "
            "always judged.",
            show_default=False,
            rich_help_panel=MATCHING,
        ),
    ] = None,
    count_unlabelled: Annotated[
        bool,
        typer.Option(
            "--count-unlabelled",
            help="Count picks on micrographs that TRUTH does not mention as false. Default: leave "
            "them out, and say how many.",
            rich_help_panel=MATCHING,
        ),
    ] = False,
    only_common: Annotated[
        bool,
        typer.Option(
            "--only-common",
            help="Judge only micrographs that both files mention. Default: a micrograph of TRUTH "
            "without picks is missed.",
            rich_help_panel=MATCHING,
        ),
    ] = False,
    json_file: options.JsonFile = None,
    curve_file: Annotated[
        Path | None,
        typer.Option(
            "--curve",
            metavar="FILE",
            help="Write the precision-recall curve as CSV.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    n_resamples: Annotated[
        int,
        typer.Option(
            "--resamples",
            metavar="N",
            min=0,
            help="Bootstrap resamples of the micrographs behind the 95 % intervals; 0 for none.",
            rich_help_panel=options.COMPUTING,
        ),
    ] = 1000,
    seed: options.Seed = 0,
) -> None:
    """Judge picks by true positions: average precision, F1, precision, recall, localisation.

    Picks and truth are matched one to one within a radius, optimally at every threshold.
    Figures come for all picks pooled and as means over micrographs, with intervals.
    """
    import json

    from nunatak.files import write_text
    from nunatak.images.inputs import list_micrographs
    from nunatak.picks.evaluate import evaluate as judge
    from nunatak.picks.formats import read_picks
    from nunatak.picks.judged import Unlabelled

    images = [entry.path for entry in list_micrographs(micrographs)] if micrographs else None
    result = judge(
        read_picks(picks, images=images),
        read_picks(truth, images=images),
        radius_A=radius_A,
        radius_px=radius_px,
        pixel_size_A=pixel_size_A,
        threshold=threshold,
        unlabelled=Unlabelled.COUNT_AS_FALSE if count_unlabelled else Unlabelled.LEAVE_OUT,
        only_common=only_common,
        n_resamples=n_resamples,
        seed=seed,
    )
    if json_file is not None:
        write_text(json_file, json.dumps(result.to_dict(), indent=2, ensure_ascii=False) + "\n")
    if curve_file is not None:
        write_text(curve_file, result.curve.to_table().to_csv(index=False))
    typer.echo(result.to_text())
