"""``nunatak evaluate``: judge picks by a truth set."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nunatak.cli import console, options, tomogram_facts
from nunatak.cli.pick_tomograms import AxisOrder
from nunatak.cli.unstated_binning import remark_unstated_binning

PANEL = "Convert and compare"
EXAMPLE = "nunatak evaluate picks.star labels.star --radius 45"

MATCHING = "Matching"

_MOST_NOTES = 5
"""Of a file of picks; one of a copick project may have some for every run and object."""


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
        typer.Argument(
            metavar="TRUTH",
            help="The true positions; any format. Candidates that are marked as not selected are "
            "left out, and counted.",
            show_default=False,
        ),
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
    override_pixel_size: options.OverridePixelSize = False,
    input_binning: Annotated[
        float | None,
        typer.Option(
            "--input-binning",
            metavar="N",
            help="Pixels of the stored image per pixel of PICKS, as of 'convert'; to be stated for "
            "Topaz tables. Default: 1.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    truth_binning: Annotated[
        float | None,
        typer.Option(
            "--truth-binning",
            metavar="N",
            help="The same for TRUTH.",
            show_default=False,
            rich_help_panel=options.INPUT,
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
    by_class: Annotated[
        bool,
        typer.Option(
            "--by-class",
            help="Judge each class on its own, and average over classes. Without --radius, "
            "within half the radius of the class's particle: a quarter of its diameter_A in TRUTH, "
            "or half its radius in the configuration of TRUTH's copick project.",
            rich_help_panel=MATCHING,
        ),
    ] = False,
    czii: Annotated[
        bool,
        typer.Option(
            "--czii",
            help="As --by-class, and also print the score of the CZII challenge (F-beta, beta 4, "
            "not one to one). For tomograms with the challenge's classes, whose radii and weights "
            "it uses: apo-ferritin, beta-amylase, beta-galactosidase, ribosome, thyroglobulin, "
            "virus-like-particle.",
            rich_help_panel=MATCHING,
        ),
    ] = False,
    tomograms: tomogram_facts.Tomograms = None,
    axis_order: AxisOrder = None,
    tomograms_star: tomogram_facts.TomogramsStar = None,
    tomogram_binning: tomogram_facts.TomogramBinning = None,
    relion5_centre: tomogram_facts.Centre = tomogram_facts.CentreChoice.HALF,
    tomogram_numbers: tomogram_facts.Numbers = None,
    dynamo_index: tomogram_facts.DynamoIndex = 0,
    copick_user: tomogram_facts.CopickUser = None,
    copick_session: tomogram_facts.CopickSession = None,
    json_file: options.JsonFile = None,
    curve_file: Annotated[
        Path | None,
        typer.Option(
            "--curve",
            metavar="FILE",
            help="Write the precision-recall curve as CSV; with --by-class, that of each class.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace files that exist. What 'evaluate' itself has written is replaced anyway.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
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
    Picks in tomograms are judged in the same way, by distances in space.
    """
    import json

    from nunatak.files import write_text
    from nunatak.picks.class_evaluation import ClassEvaluation
    from nunatak.picks.czii_score import CZII_DIAMETERS_A, czii_scores
    from nunatak.picks.evaluate import evaluate as judge
    from nunatak.picks.evaluate_classes import evaluate_classes
    from nunatak.picks.evaluation import Evaluation
    from nunatak.picks.evaluation_files import check_evaluation_files
    from nunatak.picks.formats import read_picks
    from nunatak.picks.formats.doors import files_of
    from nunatak.picks.formats.tomograms.copick_choice import refuse_idle_choice
    from nunatak.picks.judged import Unlabelled
    from nunatak.picks.stated_grid import stated_grid
    from nunatak.picks.voxel_shift import shift_note

    check_evaluation_files(
        [path for path in (json_file, curve_file) if path is not None],
        inputs=[picks, truth],
        overwrite=overwrite,
    )
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
    refuse_idle_choice(files_of([picks, truth]), facts)
    for path, binning, option in (
        (picks, input_binning, "--input-binning"),
        (truth, truth_binning, "--truth-binning"),
    ):
        if binning is None:
            remark_unstated_binning(files_of(path), f"say by how much ({option})")
    candidates, truths = (
        read_picks(path, images=images, grid=stated_grid(binning=binning), tomograms=facts)
        for path, binning in ((picks, input_binning), (truth, truth_binning))
    )
    for path, picked in ((picks, candidates), (truth, truths)):
        for note in picked.notes[:_MOST_NOTES]:
            console.say(note)
        if len(picked.notes) > _MOST_NOTES:
            console.say(f"{path}: {len(picked.notes) - _MOST_NOTES} more notes of this kind.")
    shifted = shift_note(candidates, truths)
    if shifted is not None:
        console.say(shifted)
    settings: dict[str, Any] = {
        "radius_A": radius_A,
        "radius_px": radius_px,
        "pixel_size_A": pixel_size_A,
        "threshold": threshold,
        "unlabelled": Unlabelled.COUNT_AS_FALSE if count_unlabelled else Unlabelled.LEAVE_OUT,
        "only_common": only_common,
        "n_resamples": n_resamples,
        "seed": seed,
    }
    result: Evaluation | ClassEvaluation
    if by_class or czii:
        sizes_A = CZII_DIAMETERS_A if czii else None
        result = evaluate_classes(candidates, truths, diameters_A=sizes_A, **settings)
    else:
        result = judge(candidates, truths, **settings)
    plain, text = result.to_dict(), result.to_text()
    if czii:
        scores = czii_scores(
            candidates,
            truths,
            threshold=threshold,
            pixel_size_A=pixel_size_A,
            only_common=only_common,
        )
        plain["czii"] = [score.to_dict() for score in scores]
        text = "\n\n".join([text, *(score.to_text() for score in scores)])
    if json_file is not None:
        write_text(json_file, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    if curve_file is not None:
        write_text(curve_file, result.curve_table().to_csv(index=False))
    typer.echo(text)
