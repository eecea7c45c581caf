"""``nunatak prune``: which picks are particles, and what the others are."""

from pathlib import Path
from typing import TYPE_CHECKING

from nunatak.cli import by_class, console, loss_weights, options, tomogram_facts
from nunatak.cli import prune_options as pruning
from nunatak.cli.pick_tomograms import AxisOrder
from nunatak.cli.train_options import LEAST_DIAMETER_A

if TYPE_CHECKING:
    from nunatak.picks.table import PickSet
    from nunatak.pruning.labels import MatchedLabels
    from nunatak.pruning.tuning import FineTune

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
    diameter: pruning.Diameter = None,
    labels: pruning.Labels = None,
    label_column: pruning.LabelColumn = None,
    good: pruning.Good = None,
    bad: pruning.Bad = None,
    keep_fdr: pruning.KeepFdr = None,
    only: pruning.Only = None,
    loss: pruning.Loss = pruning.LossChoice.FULL,
    loss_weight: pruning.LossWeight = None,
    fine_tune: pruning.FineTune = pruning.FineTuneChoice.AUTO,
    report: pruning.Report = None,
    overwrite: options.Overwrite = False,
    seen: pruning.Seen = None,
    device: options.Device = "auto",
    threads: options.Threads = None,
    seed: options.Seed = 0,
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
    """Tell particles among the picks of any picker from ice, carbon, aggregates and other junk.

    Every pick gets a calibrated probability, the class that it looks like, and a decision: keep,
    review or reject. A labelled pick is decided by its label, and a pick within 0.3 diameters of
    a more probable one is rejected as its duplicate. Picks whose micrograph is missing stay,
    unjudged. Nothing is deleted without --only keep, and every column of PICKS is kept.

    Beside the output lie the counts of each image (.micrographs.csv or .tomograms.csv), so that bad
    ones stand out, and a record of the run (.run.json).

    In tomograms, picks may be of several classes of particles (class_name), each of a size of its
    own; picks of two classes at one place both stay, and are counted.

    Exits with 3 if some images could not be judged.
    """
    from nunatak.images.axis_order import AxisOrder as StoredOrder
    from nunatak.picks.formats.doors import files_of
    from nunatak.picks.formats.tomograms.copick_choice import refuse_idle_choice
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.pruning.output import PrunedOutput
    from nunatak.pruning.particle_names import image_noun
    from nunatak.pruning.particle_tables import read_prunable
    from nunatak.pruning.pick_images import PickImages
    from nunatak.pruning.prunable import refuse_other_images, refuse_unprunable
    from nunatak.pruning.prune import prune as judge
    from nunatak.pruning.sources import matched_labels
    from nunatak.pruning.summary import in_words
    from nunatak.pruning.volumes.prune_tomograms import refuse_fine_tuning, side_of
    from nunatak.reports.pruning import write_pruning_report

    weights = loss_weights.parsed(loss_weight or [])
    size_A = by_class.of_any_class(
        by_class.parsed("--diameter", diameter or [], least=LEAST_DIAMETER_A)
    )
    # A column of labels is sought in PICKS where no file of labels is given.
    _check_outputs(
        output,
        report,
        seen,
        [*(labels or (picks if label_column else [])), *(good or []), *(bad or [])],
        overwrite=overwrite,
    )
    listed, images = tomogram_facts.catalogue(
        micrographs, tomograms, pixel_size_A, axis_order, override_pixel_size=override_pixel_size
    )
    order = None if axis_order is None else StoredOrder(axis_order.value)
    facts = tomogram_facts.facts(
        images,
        tomograms_star=tomograms_star,
        binning=tomogram_binning,
        centre=relion5_centre,
        numbers=tomogram_numbers,
        dynamo_index=dynamo_index,
        copick_user=copick_user,
        copick_session=copick_session,
    )
    if copick_user is not None or copick_session is not None:
        refuse_idle_choice(files_of(picks, from_format), facts)
    found = read_prunable(picks, from_format, images=images, tomograms=facts)
    destination = PrunedOutput.named(
        output,
        picks,
        ndim=found.ndim,
        from_format=from_format,
        only_keep=only is not None,
        overwrite=overwrite,
    )
    for note in [*(f"{note}." for note in listed.notes), *found.notes]:
        console.say(note)
    refuse_unprunable(found)
    refuse_other_images(found, micrographs=micrographs or (), tomograms=tomograms or ())
    if found.ndim == 3:
        refuse_fine_tuning(fine_tune.value)
        console.say(f"Particles are taken to be {side_of(contrast.value)} (--contrast).")
    on = PickImages.of(found, size_A, listed, pixel_size_A)
    paths = {name: file.path for name, file in on.files.items()}
    stored = images if tomograms else ImageCatalogue(paths=paths, pixel_size_A=pixel_size_A)
    destination.rehearse(found, on, stored, facts)

    def labelled(paths: list[Path] | None) -> "list[PickSet]":
        return [read_prunable(path, images=images, tomograms=facts) for path in paths or []]

    said = matched_labels(
        found,
        on.diameter_px,
        labelled=labelled(labels),
        column=label_column,
        good=labelled(good),
        bad=labelled(bad),
    )
    if said is not None:
        _say_labels(said, fine_tune.value if found.ndim == 2 else "never")
    total, units = len(found.images), f"{image_noun(found)}s"
    with console.progress("Judging", total, unit=units) as advance:
        result = judge(
            found,
            labels=said,
            diameter_A=size_A,
            model=model,
            keep_fdr=keep_fdr,
            loss=loss.value,
            loss_weights=weights,
            fine_tune=fine_tune.value,
            micrographs=listed if found.ndim == 2 else (),
            tomograms=listed if found.ndim == 3 else (),
            pixel_size_A=pixel_size_A,
            override_pixel_size=override_pixel_size,
            axis_order=order,
            contrast=contrast.value,
            threads=threads,
            device=device,
            seed=seed,
            seen=seen,
            on_progress=advance,
        )
    console.say(in_words(result))
    for note in destination.write(result, stored, facts):
        console.say(note)
    console.say(f"{output} holds {'the kept ones' if only else 'all of them'}.")
    if report is not None:
        write_pruning_report(
            result,
            report,
            images=listed,
            pixel_size_A=pixel_size_A,
            override_pixel_size=override_pixel_size,
            axis_order=order,
            redo=overwrite,
        )
        console.say(f"{report} shows them.")
    console.report_failures(
        ((failure.image, failure.reason) for failure in result.failures), total=total, unit=units
    )


def _check_outputs(
    output: Path, report: Path | None, seen: Path | None, labels: list[Path], *, overwrite: bool
) -> None:
    from nunatak.pruning.output import refuse_to_replace_labels, written_to
    from nunatak.reports.destination import check_destination

    refuse_to_replace_labels(labels, written_to(output, report, seen))
    if report is not None:
        check_destination(report, redo=overwrite)


def _say_labels(labels: "MatchedLabels", fine_tune: "FineTune") -> None:
    from nunatak.pruning.tuning import is_worth_trying, teaching

    for text in labels.unmatched:
        console.say(text)
    learned = teaching(labels)
    if is_worth_trying(learned, fine_tune):
        console.say(
            f"Fine-tuning is tried on {len(learned)} labels, which may take minutes; "
            "--fine-tune never does without."
        )
