"""What ``nunatak train`` does with micrographs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from nunatak.cli import by_class, console, options
from nunatak.cli.convert import OrientationChoice, UnitChoice
from nunatak.cli.learning_options import NetworkChoice, ObjectiveChoice, RecipeChoice
from nunatak.cli.pick_tomograms import refuse
from nunatak.cli.train_options import LEAST_DIAMETER_A, CommonOptions
from nunatak.cli.training_progress import hush_other_processes, training_progress
from nunatak.errors import UsageError

if TYPE_CHECKING:
    from nunatak.detection.contrast import Side
    from nunatak.images.micrograph_list import MicrographList
    from nunatak.learning.labels.reading import LabelReading
    from nunatak.learning.result import TrainingResult

LEAST_PARTICLES = 0.1

_SIDES: dict[options.ContrastChoice, "Side"] = {
    options.ContrastChoice.DARK: "dark",
    options.ContrastChoice.LIGHT: "light",
}


@dataclass(frozen=True, kw_only=True)
class MicrographOptions:
    """The options of ``nunatak train`` that only micrographs have, as they were given.

    Attributes
    ----------
    labels_image_size, labels_orientation, recipe, network
        See the options' help.
    """

    labels_image_size: str | None
    labels_orientation: OrientationChoice | None
    recipe: RecipeChoice | None
    network: NetworkChoice | None

    def refuse_for_tomograms(self) -> None:
        """Refuse them where IMAGES are tomograms.

        Raises
        ------
        UsageError
            If one was given.
        """
        refuse(
            {
                "--labels-image-size": self.labels_image_size is not None,
                "--labels-orientation": self.labels_orientation is not None,
                "--recipe": self.recipe is not None,
                "--network": self.network is not None,
            },
            "IMAGES are tomograms, and this is about micrographs. Leave it out",
        )


def train_micrographs(common: CommonOptions, own: MicrographOptions) -> None:
    """Train on micrographs and say what came of it.

    Raises
    ------
    UsageError
        If options are impossible or contradict each other.
    typer.Exit
        With code 3, if some micrographs or labels could not be used.
    """
    from nunatak.images.inputs import list_micrographs
    from nunatak.learning.settings import LearningSettings
    from nunatak.learning.summary import data_in_words, in_words
    from nunatak.learning.train import train as train_detector
    from nunatak.recipes.topaz import PUBLISHED
    from nunatak.reports.destination import check_destination
    from nunatak.reports.training import build_training_report

    if common.objective is ObjectiveChoice.FOCAL:
        refuse({"--objective focal": True}, "IMAGES are micrographs; this is for tomograms")
    if not common.diameter:
        raise UsageError("Give the particle's diameter: --diameter 180 (longest extent, Å).")
    diameter_A = _number("--diameter", common.diameter, LEAST_DIAMETER_A)
    expected = common.expected_particles
    check_destination(common.page, redo=common.replaces_page)
    settings = common.settings(
        LearningSettings() if own.recipe is None else PUBLISHED, network=own.network
    )
    is_first = hush_other_processes(common.devices)
    listed = list_micrographs(common.images)
    for note in listed.notes:
        console.say(f"{note}.")
    reading = _reading(listed, common, own)
    console.say("Reading micrographs and labels.")
    with training_progress() as show:
        result = train_detector(
            listed,
            common.labels,
            output=common.output,
            diameter_A=diameter_A,
            reading=reading,
            pixel_size_A=common.pixel_size_A,
            override_pixel_size=common.override_pixel_size,
            expected_particles=_number("--expected-particles", expected, LEAST_PARTICLES)
            if expected
            else None,
            validation_micrographs=[one.path for one in list_micrographs(common.validation)]
            if common.validation
            else None,
            contrast=_SIDES.get(common.contrast),
            settings=settings,
            device=common.device,
            processes=common.devices,
            threads=common.threads,
            redo=common.redo,
            on_data=lambda data: console.say(data_in_words(data)),
            on_progress=show,
        )
    if not is_first:
        return
    build_training_report(result, common.page, redo=common.replaces_page)
    console.say(in_words(result))
    console.say(f"{common.page} shows the training.")
    _report_problems(result, listed)


def _number(option: str, texts: list[str], least: float) -> float:
    return by_class.of_one_kind(option, by_class.parsed(option, texts, least=least))


def _reading(
    listed: "MicrographList", common: CommonOptions, own: MicrographOptions
) -> "LabelReading":
    from nunatak.geometry import Orientation
    from nunatak.learning.labels.reading import LabelReading
    from nunatak.picks.image_catalogue import ImageCatalogue
    from nunatak.picks.stated_grid import stated_grid

    orientation = own.labels_orientation
    return LabelReading(
        format=common.labels_format,
        grid=stated_grid(
            binning=common.labels_binning,
            image_size=own.labels_image_size,
            in_angstrom=common.labels_unit is UnitChoice.ANGSTROM,
            images=ImageCatalogue.listed(listed, common.pixel_size_A),
        ),
        orientation=None if orientation is None else Orientation(orientation.value),
    )


def _report_problems(result: "TrainingResult", listed: "MicrographList") -> None:
    failures = [(failure.image, failure.reason) for failure in result.failures]
    failures += result.labels.unusable
    known = [one.name for one in (*listed, *listed.missing)]
    total = len({*known, *(name for name, _ in failures)})
    console.report_failures(failures, total=total, unit="micrographs")
    if result.labels.exit_code:
        raise typer.Exit(result.labels.exit_code)
