"""``nunatak simulate tomograms``: volumes of which every particle is known."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nunatak.cli import console, options
from nunatak.errors import UsageError

EXAMPLE = "nunatak simulate tomograms -o simulated --count 4 --classes 6"

SPECIMEN = "Specimen"
MICROSCOPE = "Microscope"


class Mode(StrEnum):
    """How a scene becomes a tomogram."""

    DIRECT = "direct"
    TILTS = "tilts"


class VolumeFormat(StrEnum):
    """Files of tomograms."""

    MRC = "mrc"
    ZARR = "zarr"


class Protein(StrEnum):
    """Protein against ice."""

    DARK = "dark"
    LIGHT = "light"


def tomograms(
    folder: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder to write; finished tomograms in it are kept.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ],
    *,
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            "-n",
            metavar="N",
            min=1,
            help="Tomograms. Default: 4.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    format: Annotated[
        VolumeFormat | None,
        typer.Option(
            "--format",
            metavar="mrc|zarr",
            help="MRC volumes, or OME-Zarr in a copick project. Default: mrc.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            "--mode",
            metavar="direct|tilts",
            help="'tilts' simulates a tilt series and reconstructs it; 'direct' puts a missing "
            "wedge, contrast transfer and noise onto the scene, in less than half of the time. "
            "Default: tilts.",
            show_default=False,
            rich_help_panel=MICROSCOPE,
        ),
    ] = None,
    shape: Annotated[
        tuple[int, int, int] | None,
        typer.Option(
            metavar="Z Y X",
            help="Size of a tomogram, voxels. Default: 96 256 256.",
            show_default=False,
            rich_help_panel=MICROSCOPE,
        ),
    ] = None,
    voxel_size_A: Annotated[
        float | None,
        typer.Option(
            "--voxel-size",
            metavar="Å",
            help="Side of a voxel, Å. Default: 10.",
            show_default=False,
            rich_help_panel=MICROSCOPE,
        ),
    ] = None,
    classes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="How many built-in complexes to draw, a class each. Default: 4.",
            show_default=False,
            rich_help_panel=SPECIMEN,
        ),
    ] = None,
    density: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="PDB, mmCIF or MRC map, or a folder of them, instead of built-in complexes; a "
            "class each, called as the file, with dashes for underscores and blanks. May be "
            "repeated.",
            show_default=False,
            rich_help_panel=SPECIMEN,
        ),
    ] = None,
    distractor: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="The same for complexes that are in the ice and not in the truth. May be "
            "repeated. Default: two built-in ones.",
            show_default=False,
            rich_help_panel=SPECIMEN,
        ),
    ] = None,
    occupancy: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Range of the fraction of the ice within the complexes' spheres. Default: 0.03 "
            "0.12.",
            show_default=False,
            rich_help_panel=SPECIMEN,
        ),
    ] = None,
    snr: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Range of the signal-to-noise ratio per voxel within the complexes' spheres, "
            "before denoising. Default: 0.05 0.4.",
            show_default=False,
            rich_help_panel=MICROSCOPE,
        ),
    ] = None,
    defocus_A: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--defocus",
            metavar="LOW HIGH",
            help="Range of under-focus, Å. Default: 20000 50000.",
            show_default=False,
            rich_help_panel=MICROSCOPE,
        ),
    ] = None,
    protein: Annotated[
        Protein | None,
        typer.Option(
            metavar="dark|light",
            help="Whether particles are darker or lighter than ice. Default: dark.",
            show_default=False,
            rich_help_panel=MICROSCOPE,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="TOML",
            help="File with any fields of "
            "nunatak.simulate.volume_dataset_config.VolumeDatasetConfig. Options go before it, "
            "and it goes before the defaults.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    redo: options.Redo = False,
    seed: options.SeedIfGiven = None,
    threads: options.Threads = None,
) -> None:
    """Simulate tomograms and write them with the particles' places, classes and orientations.

    DIR receives tomograms/*.mrc, or copick/ExperimentRuns/*/VoxelSpacing*/*.zarr; the truth as
    particles.csv, as particles.star with tomograms.star (RELION 5), and as a copick project
    (copick.json, copick/); parameters/*.json (microscope, ice, tilts) and config.json. One seed
    gives one result, also after an interruption and on any number of threads.
    """
    from nunatak.simulate.volume_config_file import resolved
    from nunatak.simulate.volume_dataset import simulate_tomograms

    chosen: dict[str, Any] = {
        "count": count,
        "format": None if format is None else format.value,
        "mode": None if mode is None else mode.value,
        "shape": shape,
        "voxel_size_A": voxel_size_A,
        "distractors": tuple(map(str, distractor)) if distractor else None,
        "occupancy": occupancy,
        "snr": snr,
        "defocus_A": defocus_A,
        "protein": None if protein is None else protein.value,
        "seed": seed,
        **_complexes(classes, density),
    }
    settings = resolved(config, chosen)
    with console.progress("Simulating", settings.count, unit="tomograms") as advance:
        made = simulate_tomograms(settings, folder, redo=redo, threads=threads, advance=advance)
    number = made.truth["class_name"].value_counts()
    for name, size_A in made.diameters_A.items():
        console.say(f"{name}: diameter {size_A:.0f} Å, {number.get(name, 0)} particles")
    console.say(
        f"{len(made.images)} tomograms ({made.already_there} were already there) with "
        f"{len(made.truth)} particles in {made.folder}"
    )


def _complexes(classes: int | None, density: list[Path] | None) -> dict[str, Any]:
    if classes is not None and density:
        raise UsageError(
            "--classes draws built-in complexes, and --density names others. Give one of the two."
        )
    if classes is not None:  # also where the configuration's file names densities
        return {"complexes": classes, "densities": ()}
    return {"densities": tuple(map(str, density))} if density else {}
