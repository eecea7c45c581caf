"""What ``nunatak train`` does with tomograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nunatak.cli import by_class, console, options, tomogram_facts
from nunatak.cli.convert import UnitChoice
from nunatak.cli.label_options import LabelsAreChoice
from nunatak.cli.learning_options import FOR_TOMOGRAMS
from nunatak.cli.pick_tomograms import AxisOrderChoice, refuse
from nunatak.cli.train_options import LEAST_DIAMETER_A, CommonOptions
from nunatak.cli.training_progress import hush_other_processes, training_progress
from nunatak.errors import EXIT_SOME_FAILED, BadInput

if TYPE_CHECKING:
    from nunatak.detection.contrast import Side
    from nunatak.images.micrograph_list import MicrographList
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.picks.table import PickSet

_MAGIC = frozenset("*?[")

_TAKEN_FOR_SPARSE = (
    "Labels are taken to be sparse: a place without one may hold a particle. If every particle of "
    "the labelled tomograms has one, say --labels-are complete."
)

WorkingVoxelSize = Annotated[
    float | None,
    typer.Option(
        "--working-voxel-size",
        metavar="Å",
        min=0.01,
        max=1000.0,
        help="Voxel size at which the network works, whatever the stored one (--pixel-size). "
        "Default: that of the start; from scratch 10.",
        show_default=False,
        rich_help_panel=tomogram_facts.PANEL,
    ),
]


@dataclass(frozen=True, kw_only=True)
class TomogramOptions:
    """The options of ``nunatak train`` that only tomograms have, as they were given.

    Attributes
    ----------
    labels_are, working_voxel_size_A, axis_order, tomograms_star, binning, centre, numbers
    dynamo_index, copick_user, copick_session
        See the options' help.
    """

    labels_are: LabelsAreChoice | None
    working_voxel_size_A: float | None
    axis_order: AxisOrderChoice | None
    tomograms_star: Path | None
    binning: float | None
    centre: tomogram_facts.CentreChoice
    numbers: list[str] | None
    dynamo_index: int
    copick_user: str | None
    copick_session: str | None

    def refuse_for_micrographs(self) -> None:
        """Refuse them where IMAGES are micrographs.

        Raises
        ------
        UsageError
            If one was given.
        """
        refuse(
            {
                "--labels-are": self.labels_are is not None,
                "--working-voxel-size": self.working_voxel_size_A is not None,
                "--axis-order": self.axis_order is not None,
                "--tomograms-star": self.tomograms_star is not None,
                "--tomogram-binning": self.binning is not None,
                "--relion5-centre": self.centre is not tomogram_facts.CentreChoice.HALF,
                "--tomogram-number": bool(self.numbers),
                "--dynamo-index": self.dynamo_index != 0,
                "--copick-user": self.copick_user is not None,
                "--copick-session": self.copick_session is not None,
            },
            "IMAGES are micrographs, and this is about tomograms. Leave it out",
        )


def train_tomograms(common: CommonOptions, own: TomogramOptions) -> None:
    """Train on tomograms and say what came of it.

    Raises
    ------
    UsageError
        If options are impossible or contradict each other.
    typer.Exit
        With code 3, if some tomograms or labels could not be used.
    """
    from nunatak.images.axis_order import AxisOrder
    from nunatak.images.tomogram_inputs import list_tomograms
    from nunatak.learning.labels.report import Severity
    from nunatak.learning.train import check_output
    from nunatak.learning.volumes.train_tomograms import train_tomograms as train_detector
    from nunatak.learning.volumes.volume_label_set import require_particles
    from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
    from nunatak.learning.volumes.volume_summary import in_words, labels_in_words
    from nunatak.picks.counted import counted
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.reports.destination import check_destination
    from nunatak.reports.volume_training import build_volume_training_report

    if common.objective is not None and common.objective not in FOR_TOMOGRAMS:
        refuse(
            {f"--objective {common.objective}": True},
            f"IMAGES are tomograms. Take one of {', '.join(FOR_TOMOGRAMS)}",
        )
    diameters = by_class.parsed("--diameter", common.diameter or [], least=LEAST_DIAMETER_A)
    numbers = by_class.parsed("--expected-particles", common.expected_particles or [], least=0.0)
    check_output(common.output, replace=common.redo)
    check_destination(common.page, redo=common.replaces_page)
    settings = common.settings(VolumeLearningSettings())
    is_first = hush_other_processes(common.devices)
    listed = list_tomograms(common.images)
    for note in listed.notes:
        console.say(f"{note}.")
    console.say("Reading tomograms and labels.")
    order = None if own.axis_order is None else AxisOrder(own.axis_order.value)
    images = ImageCatalogue.of_tomograms(
        listed, common.pixel_size_A, override=common.override_pixel_size, axis_order=order
    )
    labels = _labels(images, common, own)
    require_particles(labels)
    diameters_A = _diameters_A(labels, diameters)
    contrast: Side = "light" if common.contrast is options.ContrastChoice.LIGHT else "dark"
    for note in labels.notes:
        console.say(note)
    console.say(f"{counted(len(listed), 'tomogram')} given; particles are taken to be {contrast}.")
    if own.labels_are is None:
        console.say(_TAKEN_FOR_SPARSE)
    expected = by_class.of_classes("--expected-particles", numbers, list(diameters_A))
    with training_progress() as show:
        result = train_detector(
            listed,
            labels,
            output=common.output,
            diameters_A=diameters_A,
            voxel_size_A=own.working_voxel_size_A,
            labels_are="complete" if own.labels_are is LabelsAreChoice.COMPLETE else "sparse",
            expected_particles=expected or None,
            validation_tomograms=_named(common.validation, listed) if common.validation else None,
            contrast=contrast,
            stored_voxel_size_A=common.pixel_size_A,
            override_voxel_size=common.override_pixel_size,
            axis_order=order,
            settings=settings,
            device=common.device,
            processes=common.devices,
            threads=common.threads,
            redo=common.redo,
            on_labels=lambda found: console.say(labels_in_words(found)),
            on_progress=show,
        )
    if not is_first:
        return
    build_volume_training_report(result, common.page, redo=common.replaces_page)
    console.say(in_words(result))
    console.say(f"{common.page} shows the training.")
    console.report_failures(
        [(failure.image, failure.reason) for failure in result.failures],
        total=len(listed) + len(listed.missing),
        unit="tomograms",
    )
    if any(found.severity is Severity.ERROR for found in result.findings):
        raise typer.Exit(EXIT_SOME_FAILED)


def _labels(images: "ImageCatalogue", common: CommonOptions, own: TomogramOptions) -> "PickSet":
    from nunatak.picks.formats import read_picks
    from nunatak.picks.formats.doors import files_of
    from nunatak.picks.formats.tomograms.copick_choice import refuse_idle_choice
    from nunatak.picks.stated_grid import stated_grid

    facts = tomogram_facts.facts(
        images,
        tomograms_star=own.tomograms_star,
        binning=own.binning,
        centre=own.centre,
        numbers=own.numbers,
        dynamo_index=own.dynamo_index,
        copick_user=own.copick_user,
        copick_session=own.copick_session,
        # Labels are believed: those of a person and a program's picks must not become one set.
        joins_copick_owners=False,
    )
    refuse_idle_choice(files_of(common.labels, common.labels_format), facts)
    grid = stated_grid(
        binning=common.labels_binning,
        in_angstrom=common.labels_unit is UnitChoice.ANGSTROM,
        images=images,
    )
    return read_picks(
        common.labels, common.labels_format, images=images, grid=grid, tomograms=facts
    )


def _diameters_A(labels: "PickSet", given: by_class.ByClass) -> dict[str, float]:
    """Return the diameters of the classes as the labels state them, those given instead."""
    from nunatak.learning.volumes.volume_diameters import (
        refuse_no_diameter,
        refuse_two_diameters,
        stated_diameters_A,
    )
    from nunatak.learning.volumes.volume_label_set import class_names

    known = stated_diameters_A(labels)
    known |= by_class.of_classes("--diameter", given, class_names(labels))
    refuse_two_diameters(labels, known)
    if not given:
        # Where some are given, a name among them may be misspelled; whoever sorts the labels says.
        refuse_no_diameter(labels, known)
    return known


def _named(validation: Sequence[str], listed: "MicrographList") -> list[str]:
    """Return the listed names of the tomograms to keep aside.

    Parameters
    ----------
    validation
        As the user typed them: what `list_tomograms` takes, or a name that fits one of the
        tomograms.
    listed
        All tomograms.

    Raises
    ------
    BadInput
        If one is not among those listed; `Mismatch` if a name fits none of them or several.
    """
    from nunatak.images.tomogram_inputs import list_tomograms
    from nunatak.picks.names import NameIndex

    index = NameIndex([one.name for one in listed])
    names = {one.path.resolve(): one.name for one in listed}
    aside: list[str] = []
    for text in validation:
        if not (Path(text).exists() or _MAGIC & set(text)):
            aside.append(index.resolve(text))
            continue
        chosen = list_tomograms([text])
        strange = [one.name for one in chosen if one.path.resolve() not in names]
        strange += [one.name for one in chosen.missing]
        if strange:
            raise BadInput(
                f"{strange[0]}: to be kept aside for validation (--validation), but not among the "
                f"tomograms given ({', '.join(index.names[:5])}). Give some of these."
            )
        aside += [names[one.path.resolve()] for one in chosen]
    return aside
