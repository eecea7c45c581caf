"""``nunatak prune``: which picks are particles, and what the others are."""

from nunatak.cli import console, options
from nunatak.cli import prune_options as pruning

PANEL = "Pick"
EXAMPLE = "nunatak prune picks.star --labels good_bad.star -o clean.star"


def prune(
    picks: pruning.Picks,
    *,
    output: options.Output,
    from_format: options.FromFormat = None,
    micrographs: pruning.Micrographs = None,
    pixel_size_A: options.PixelSize = None,
    override_pixel_size: options.OverridePixelSize = False,
    contrast: options.Contrast = options.ContrastChoice.AUTO,
    model: options.Model = None,
    diameter_A: options.Diameter = None,
    labels: pruning.Labels = None,
    label_column: pruning.LabelColumn = None,
    good: pruning.Good = None,
    bad: pruning.Bad = None,
    keep_fdr: pruning.KeepFdr = 0.05,
    only: pruning.Only = None,
    loss: pruning.Loss = pruning.LossChoice.FULL,
    fine_tune: pruning.FineTune = pruning.FineTuneChoice.AUTO,
    report: pruning.Report = None,
    overwrite: pruning.Overwrite = False,
    device: options.Device = "auto",
    threads: options.Threads = None,
    seed: options.Seed = 0,
) -> None:
    """Tell particles among the picks of any picker from ice, carbon, aggregates and other junk.

    Every pick gets a calibrated probability, the class that it looks like, and a decision: keep,
    review or reject. A labelled pick is decided by its label, and a pick within 0.3 diameters of
    a more probable one is rejected as its duplicate. Picks whose micrograph is missing stay,
    unjudged. Nothing is deleted without --only keep, and every column of PICKS is kept.

    Beside the output lie the counts of each micrograph (.micrographs.csv), so that bad ones stand
    out, and a record of the run (.run.json).

    Exits with 3 if some micrographs could not be judged.
    """
    from nunatak.images.inputs import list_micrographs
    from nunatak.images.micrograph_list import MicrographList
    from nunatak.picks.formats import read_picks
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.pruning.image_files import micrograph_files
    from nunatak.pruning.output import PrunedOutput
    from nunatak.pruning.prunable import diameter_of, refuse_unprunable
    from nunatak.pruning.prune import prune as judge
    from nunatak.pruning.sources import matched_labels
    from nunatak.pruning.summary import in_words
    from nunatak.reports.destination import check_destination
    from nunatak.reports.pruning import write_pruning_report

    destination = PrunedOutput.named(
        output, picks, from_format=from_format, only_keep=only is not None, overwrite=overwrite
    )
    if report is not None:
        check_destination(report, redo=overwrite)
    listed = list_micrographs(micrographs) if micrographs else MicrographList(())
    images = ImageCatalogue.listed(listed, pixel_size_A)
    found = read_picks(picks, from_format, images=images)
    for note in found.notes:
        console.say(note)
    refuse_unprunable(found)
    files, _ = micrograph_files(found, listed)
    diameter_A = diameter_of(found, diameter_A)
    said = matched_labels(
        found,
        files,
        labelled=[read_picks(path, images=images) for path in labels or []],
        column=label_column,
        good=[read_picks(path, images=images) for path in good or []],
        bad=[read_picks(path, images=images) for path in bad or []],
        diameter_A=diameter_A,
        pixel_size_A=pixel_size_A,
    )
    for text in said.unmatched if said is not None else ():
        console.say(text)
    total = len(found.images)
    with console.progress("Judging", total, unit="micrographs") as advance:
        result = judge(
            found,
            labels=said,
            diameter_A=diameter_A,
            model=model or "general-pruner",
            keep_fdr=keep_fdr,
            loss=loss.value,
            fine_tune=fine_tune.value,
            micrographs=listed,
            pixel_size_A=pixel_size_A,
            override_pixel_size=override_pixel_size,
            contrast=contrast.value,
            threads=threads,
            device=device,
            seed=seed,
            on_progress=advance,
        )
    console.say(in_words(result))
    paths = {name: file.path for name, file in files.items()}
    for note in destination.write(result, ImageCatalogue(paths=paths, pixel_size_A=pixel_size_A)):
        console.say(note)
    console.say(f"{output} holds {'the kept ones' if only else 'all of them'}.")
    if report is not None:
        write_pruning_report(
            result,
            report,
            images=listed,
            pixel_size_A=pixel_size_A,
            override_pixel_size=override_pixel_size,
            redo=overwrite,
        )
        console.say(f"{report} shows them.")
    failures = [(failure.image, failure.reason) for failure in result.failures]
    console.report_failures(failures, total=total, unit="micrographs")
