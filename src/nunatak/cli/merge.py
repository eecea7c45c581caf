"""``nunatak merge``: unite the picks of several pickers."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import console, options, tomogram_facts
from nunatak.cli.pick_tomograms import AxisOrder
from nunatak.cli.unstated_binning import remark_unstated_binning

PANEL = "Convert and compare"
EXAMPLE = "nunatak merge topaz.star cryolo.star --diameter 180 --min-agree 2 -o agreed.star"

MATCHING = "Matching"

_MOST_NOTES = 12
"""Beyond the account of the merging: a copick project may have some for every run."""


def merge(
    sets: Annotated[
        list[Path],
        typer.Argument(
            metavar="SETS...",
            help="The picks of each picker, a file or a folder each; any format of 'convert'.",
            show_default=False,
        ),
    ],
    *,
    output: options.Output,
    min_agree: Annotated[
        int,
        typer.Option(
            "--min-agree",
            "-k",
            metavar="K",
            min=1,
            help="Keep particles that at least K sets have picked; 1 keeps all. Where fewer sets "
            "looked at an image, those that all of these have picked are kept.",
            rich_help_panel=MATCHING,
        ),
    ] = 1,
    diameter_A: Annotated[
        float | None,
        typer.Option(
            "--diameter",
            "-d",
            metavar="Å",
            min=1.0,
            help="Particle diameter (longest extent), Å: picks of two sets at most a quarter of it "
            "apart are one particle. Default: the diameter that the sets state.",
            show_default=False,
            rich_help_panel=MATCHING,
        ),
    ] = None,
    radius_A: Annotated[
        float | None,
        typer.Option(
            "--radius",
            "-r",
            metavar="Å",
            help="Greatest distance between two picks of one particle, Å, instead of a quarter of "
            "the diameter.",
            show_default=False,
            rich_help_panel=MATCHING,
        ),
    ] = None,
    radius_px: Annotated[
        float | None,
        typer.Option(
            "--radius-px",
            metavar="PX",
            help="The same in pixels of the stored image.",
            show_default=False,
            rich_help_panel=MATCHING,
        ),
    ] = None,
    by_class: Annotated[
        bool,
        typer.Option(
            "--by-class",
            help="Take only picks of one class for one particle.",
            rich_help_panel=MATCHING,
        ),
    ] = False,
    absent_is_empty: Annotated[
        bool,
        typer.Option(
            "--absent-is-empty",
            help="Take a micrograph that a file does not mention for one without picks. Default: "
            "for one that this picker has not looked at, and has no say about.",
            rich_help_panel=MATCHING,
        ),
    ] = False,
    selected_only: Annotated[
        bool,
        typer.Option(
            "--selected-only",
            help="Leave out candidates of the sets that are marked as not selected.",
            rich_help_panel=options.INPUT,
        ),
    ] = False,
    micrographs: options.Micrographs = None,
    pixel_size_A: options.PixelSize = None,
    override_pixel_size: options.OverridePixelSize = False,
    to_format: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Format of the output, as of 'convert'. Default: by suffix.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    box_px: options.Box = None,
    overwrite: options.Overwrite = False,
    tomograms: tomogram_facts.Tomograms = None,
    axis_order: AxisOrder = None,
    tomograms_star: tomogram_facts.TomogramsStar = None,
    tomogram_binning: tomogram_facts.TomogramBinning = None,
    relion5_centre: tomogram_facts.Centre = tomogram_facts.CentreChoice.HALF,
    tomogram_numbers: tomogram_facts.Numbers = None,
    dynamo_index: tomogram_facts.DynamoIndex = 0,
    copick_user: tomogram_facts.CopickUser = None,
    copick_session: tomogram_facts.CopickSession = None,
) -> None:
    """Unite several pickers' picks, and say how many of them found each particle.

    Each particle gets the mean position of its picks, the number of sets that picked it
    (agreement), which (seen_by), how many looked there (looked), the score of each, and as its own
    score the mean of its ranks. A pick that one set lacks is no veto: --min-agree says how many are
    enough.
    """
    from nunatak.picks.context import FormatContext
    from nunatak.picks.formats import read_picks, write_picks
    from nunatak.picks.formats.doors import files_of
    from nunatak.picks.formats.registry import format_for_writing, format_named
    from nunatak.picks.formats.tomograms.copick_choice import refuse_idle_choice
    from nunatak.picks.losses import losses
    from nunatak.picks.merge import merge as merge_sets
    from nunatak.picks.merge_names import set_labels
    from nunatak.picks.merge_pixel_size import with_sizes_of_images
    from nunatak.picks.selection import chosen, count_unselected

    labels = set_labels(sets)
    _, images = tomogram_facts.catalogue(
        micrographs, tomograms, pixel_size_A, axis_order, override_pixel_size=override_pixel_size
    )
    facts = tomogram_facts.facts(
        images,
        tomograms_star=tomograms_star,
        binning=tomogram_binning,
        centre=relion5_centre,
        numbers=tomogram_numbers,
        dynamo_index=dynamo_index,
        copick_user=copick_user,
        copick_session=copick_session,
        any_of_run=True,
    )
    files = files_of(sets)
    refuse_idle_choice(files, facts)
    remark_unstated_binning(files, "convert it first (nunatak convert --input-binning)")
    picked = [read_picks(path, images=images, tomograms=facts) for path in sets]
    for place, (path, one) in enumerate(zip(sets, picked, strict=True)):
        unselected = count_unselected(one)
        if unselected and selected_only:
            picked[place] = chosen(one, selected_only=True)
        elif unselected:
            console.say(
                f"{path}: {unselected} of {len(one)} picks are candidates that are not selected. "
                "They take part; --selected-only leaves them out."
            )
    if radius_px is None and pixel_size_A is None:
        picked = with_sizes_of_images(picked, images)
    merged = merge_sets(
        picked,
        radius_A=radius_A,
        radius_px=radius_px,
        diameter_A=diameter_A,
        pixel_size_A=pixel_size_A,
        min_agree=min_agree,
        labels=labels,
        by_class=by_class,
        absent_is_empty=absent_is_empty,
    )
    target = format_named(to_format) if to_format else format_for_writing(output, merged.ndim)
    written = write_picks(
        merged,
        output,
        target.name,
        images=images,
        box_px=box_px,
        overwrite=overwrite,
        tomograms=facts,
    )
    for note in merged.notes[:_MOST_NOTES]:
        console.say(note)
    if len(merged.notes) > _MOST_NOTES:
        console.say(f"{len(merged.notes) - _MOST_NOTES} more notes of this kind.")
    for note in losses(merged, target, FormatContext(box_px=box_px, tomograms=facts)):
        console.say(note)
    console.say(f"{len(merged)} particles written to {written[0] if written else output}.")
