"""Options of ``nunatak train``, as micrographs and tomograms share them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nunatak.cli import options
from nunatak.cli.convert import UnitChoice
from nunatak.cli.learning_options import NetworkChoice, ObjectiveChoice

if TYPE_CHECKING:
    from nunatak.learning.settings_file import Settings

LEAST_DIAMETER_A = 1.0


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """The options that both kinds of images have, as they were given.

    Attributes
    ----------
    images, labels, output, diameter, labels_format, labels_binning, labels_unit
    expected_particles, pixel_size_A, override_pixel_size, contrast, validation, start, objective
    teacher, steps, config, report, redo, seed, device, devices, threads
        See the options' help.
    """

    images: list[str]
    labels: list[Path]
    output: Path
    diameter: list[str] | None
    labels_format: str | None
    labels_binning: float | None
    labels_unit: UnitChoice
    expected_particles: list[str] | None
    pixel_size_A: float | None
    override_pixel_size: bool
    contrast: options.ContrastChoice
    validation: list[str] | None
    start: str | None
    objective: ObjectiveChoice | None
    teacher: bool | None
    steps: int | None
    config: Path | None
    report: Path | None
    redo: bool
    seed: int | None
    device: str
    devices: int
    threads: int | None

    @property
    def page(self) -> Path:
        """The report to write."""
        return self.report or self.output.with_suffix(".html")

    @property
    def replaces_page(self) -> bool:
        """Whether whatever lies there is replaced: what was not named is not replaced unseen."""
        return self.redo and self.report is not None

    def settings(self, base: "Settings", *, network: NetworkChoice | None = None) -> "Settings":
        """Resolve the settings of the training: defaults, file, options.

        Raises
        ------
        FormatError, BadInput
            If the file cannot be used.
        UsageError
            If an option is impossible.
        """
        from nunatak.learning.settings_file import resolved

        return resolved(
            base,
            path=self.config,
            options={
                "start": self.start,
                "objective": None if self.objective is None else self.objective.value,
                "teacher": self.teacher,
                "network": None if network is None else network.value,
                "steps": self.steps,
                "seed": self.seed,
            },
        )


Diameter = Annotated[
    list[str] | None,
    typer.Option(
        "--diameter",
        "-d",
        metavar="[CLASS=]Å",
        help="Particle diameter (longest extent), Å. In tomograms with several classes give each "
        "its own, as --diameter ribosome=300 --diameter apoferritin=120, unless the labels state "
        "it, as those of a copick project do.",
        show_default=False,
        rich_help_panel=options.PARTICLE,
    ),
]

Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Model to write, .safetensors. The checkpoints and the course of the training "
        "lie beside it, in a folder that ends in .training.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]

ExpectedParticles = Annotated[
    list[str] | None,
    typer.Option(
        "--expected-particles",
        metavar="[CLASS=]N",
        help="Particles in a micrograph or tomogram, labelled or not, roughly; of each class where "
        "there are several. Default: estimated from the labels and the general model; of "
        "tomograms, counted in those with complete labels, and asked for with sparse ones.",
        show_default=False,
        rich_help_panel=options.PARTICLE,
    ),
]

Contrast = Annotated[
    options.ContrastChoice,
    typer.Option(
        "--contrast",
        help="Whether particles are darker or lighter than ice, as stored. 'auto' finds out from a "
        "few micrographs, and takes particles in tomograms for dark.",
        rich_help_panel=options.INPUT,
    ),
]

Validation = Annotated[
    list[str] | None,
    typer.Option(
        "--validation",
        metavar="PATH",
        help="Images, of those given, to keep aside for validation: file, folder, "
        "quoted glob or list; may be given several times. All particles of such tomograms must "
        "be labelled. Default: some with a quarter of the labels (of sparse ones in tomograms, "
        "none).",
        show_default=False,
        rich_help_panel=options.INPUT,
    ),
]

Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="HTML",
        help="The report on the training, to look at in a browser. Default: beside the model.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]

Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with a training that was stopped. This is what happens anyway, without --redo.",
        rich_help_panel=options.OUTPUT,
    ),
]

Devices = Annotated[
    int,
    typer.Option(
        "--devices",
        metavar="N",
        min=1,
        help="Train on so many GPUs, or in so many processes on the CPU.",
        rich_help_panel=options.COMPUTING,
    ),
]
