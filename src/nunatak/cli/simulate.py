"""``nunatak simulate``: make data of which everything is known."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import console, options, simulate_tomograms
from nunatak.errors import UsageError

PANEL = "Simulate"
EXAMPLE = "nunatak simulate micrographs -o simulated --count 20 --diameter 180"

SPECIMEN = "Specimen"
MICROSCOPE = "Microscope"
ICE_AND_JUNK = "Ice and junk"

app = typer.Typer(
    no_args_is_help=True, help="Simulate micrographs or tomograms with known particles."
)


@app.callback()
def _simulate() -> None:
    """Simulate data of which everything is known: positions, orientations, junk, optics."""


@app.command("micrographs", epilog=f"[bold]Example:[/bold] {EXAMPLE}")
def micrographs(
    folder: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder to write; finished micrographs in it are kept.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ],
    *,
    count: Annotated[
        int,
        typer.Option(
            "--count",
            "-n",
            metavar="N",
            min=1,
            help="Micrographs.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = 20,
    shape: Annotated[
        tuple[int, int],
        typer.Option(
            metavar="ROWS COLUMNS", help="Size of a micrograph, pixels.", rich_help_panel=MICROSCOPE
        ),
    ] = (2048, 2048),
    pixel_size_A: Annotated[
        float,
        typer.Option("--pixel-size", metavar="Å", help="Å per pixel.", rich_help_panel=MICROSCOPE),
    ] = 1.5,
    density: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="PDB, mmCIF or MRC map, or a folder of them; may be repeated, micrographs take "
            "turns. Default: a built-in complex.",
            show_default=False,
            rich_help_panel=SPECIMEN,
        ),
    ] = None,
    complexes: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="How many built-in complexes to draw where no --density is given.",
            rich_help_panel=SPECIMEN,
        ),
    ] = 1,
    diameter_A: Annotated[
        float | None,
        typer.Option(
            "--diameter",
            "-d",
            metavar="Å",
            help="Diameter of the built-in complexes, Å. Default: as drawn, 60 to 400 Å.",
            show_default=False,
            rich_help_panel=SPECIMEN,
        ),
    ] = None,
    particles: Annotated[
        tuple[int, int] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Particles per micrograph. Default: enough to cover 8 to 35 % of the area.",
            show_default=False,
            rich_help_panel=SPECIMEN,
        ),
    ] = None,
    preferred: Annotated[
        float,
        typer.Option(
            metavar="FRACTION",
            min=0.0,
            max=1.0,
            help="Fraction of particles in one preferred view (within 5°); the others are "
            "oriented at random.",
            rich_help_panel=SPECIMEN,
        ),
    ] = 0.0,
    empty: Annotated[
        float,
        typer.Option(
            metavar="FRACTION",
            min=0.0,
            max=1.0,
            help="Fraction of micrographs without particles.",
            rich_help_panel=SPECIMEN,
        ),
    ] = 0.0,
    defocus_A: Annotated[
        tuple[float, float],
        typer.Option(
            "--defocus",
            metavar="LOW HIGH",
            help="Range of under-focus, Å.",
            rich_help_panel=MICROSCOPE,
        ),
    ] = (8_000.0, 30_000.0),
    dose_e_A2: Annotated[
        float,
        typer.Option(
            "--dose", metavar="E/Å²", help="Total dose, e/Å².", rich_help_panel=MICROSCOPE
        ),
    ] = 40.0,
    voltage_kV: Annotated[
        float,
        typer.Option(
            "--voltage", metavar="KV", help="Acceleration voltage, kV.", rich_help_panel=MICROSCOPE
        ),
    ] = 300.0,
    cs_mm: Annotated[
        float,
        typer.Option(
            "--cs", metavar="MM", help="Spherical aberration, mm.", rich_help_panel=MICROSCOPE
        ),
    ] = 2.7,
    amplitude_contrast: Annotated[
        float,
        typer.Option(
            metavar="FRACTION", help="Amplitude contrast, fraction.", rich_help_panel=MICROSCOPE
        ),
    ] = 0.1,
    phase_shift_deg: Annotated[
        float,
        typer.Option(
            "--phase-shift",
            metavar="DEGREES",
            help="Phase shift of a phase plate, degrees.",
            rich_help_panel=MICROSCOPE,
        ),
    ] = 0.0,
    contrast: Annotated[
        tuple[float, float],
        typer.Option(
            metavar="LOW HIGH",
            help="Range of the fraction of the ideal contrast that reaches the image.",
            rich_help_panel=MICROSCOPE,
        ),
    ] = (0.35, 1.0),
    snr: Annotated[
        float | None,
        typer.Option(
            metavar="RATIO",
            help="Signal-to-noise ratio per pixel within the particles' circles, instead of "
            "--contrast.",
            show_default=False,
            rich_help_panel=MICROSCOPE,
        ),
    ] = None,
    ice_thickness_A: Annotated[
        tuple[float, float],
        typer.Option(
            "--ice",
            metavar="LOW HIGH",
            help="Range of the ice's thickness, Å.",
            rich_help_panel=ICE_AND_JUNK,
        ),
    ] = (200.0, 800.0),
    ice_gradient: Annotated[
        tuple[float, float],
        typer.Option(
            metavar="LOW HIGH",
            help="Range of the relative change of thickness from the centre to the edge.",
            rich_help_panel=ICE_AND_JUNK,
        ),
    ] = (0.0, 0.3),
    junk: Annotated[
        float,
        typer.Option(
            metavar="FACTOR",
            min=0.0,
            help="Factor on the chance of every kind of junk; 0 for none.",
            rich_help_panel=ICE_AND_JUNK,
        ),
    ] = 1.0,
    junk_kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Only this kind of junk (carbon_edge, gold_foil, gold_beads, ice_crystal, "
            "contamination (ethane and the like), specks, vesicle, filament, mottled_ice, "
            "empty_hole, aggregate, fragment); may be repeated. Default: all.",
            show_default=False,
            rich_help_panel=ICE_AND_JUNK,
        ),
    ] = None,
    dtype: Annotated[
        str,
        typer.Option(
            metavar="float32|int16",
            help="Pixels of the MRC files.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = "float32",
    redo: options.Redo = False,
    seed: options.Seed = 0,
    threads: options.Threads = None,
) -> None:
    """Simulate micrographs and write them with truth, junk masks and parameters.

    DIR receives micrographs/*.mrc (detected electrons), particles.star (the particles to find)
    and micrographs_ctf.star in RELION's layout, masks/*.png (the class of junk at each pixel),
    parameters/*.json (optics, ice, orientations) and config.json. One seed gives one result,
    also after an interruption and on any number of threads.
    """
    from pydantic import ValidationError

    from nunatak.picks.counted import counted
    from nunatak.simulate.dataset import simulate_dataset
    from nunatak.simulate.dataset_config import DatasetConfig

    try:
        config = DatasetConfig.model_validate(
            {
                "count": count,
                "shape": shape,
                "pixel_size_A": pixel_size_A,
                "seed": seed,
                "dtype": dtype,
                "densities": tuple(map(str, density or ())),
                "complexes": complexes,
                "diameter_A": diameter_A,
                "particles": particles,
                "preferred": preferred,
                "empty": empty,
                "voltage_kV": voltage_kV,
                "cs_mm": cs_mm,
                "amplitude_contrast": amplitude_contrast,
                "phase_shift_deg": phase_shift_deg,
                "defocus_A": defocus_A,
                "dose_e_A2": dose_e_A2,
                "contrast_factor": contrast,
                "snr": snr,
                "ice_thickness_A": ice_thickness_A,
                "ice_gradient": ice_gradient,
                "junk": junk,
                "junk_kinds": tuple(junk_kind) if junk_kind else None,
            }
        )
    except ValidationError as error:
        problems = "; ".join(
            ": ".join([*map(str, one["loc"][:1]), one["msg"].removeprefix("Value error, ")])
            for one in error.errors()
        )
        raise UsageError(f"Cannot simulate this: {problems}") from error
    with console.progress("Simulating", count, unit="micrographs") as advance:
        made = simulate_dataset(config, folder, redo=redo, threads=threads, advance=advance)
    for name, size_A in made.diameters_A.items():
        console.say(f"{name}: diameter {size_A:.0f} Å")
    console.say(
        f"{counted(made.micrographs, 'micrograph')} ({made.already_there} were already there) with "
        f"{made.particles} particles in {made.folder}"
    )
    each = 0 if particles is None else particles[0]
    wanted = each * made.micrographs * (1 - empty)
    # Chance decides which particles the border cuts, and which micrographs are empty.
    chance = (wanted + each**2 * made.micrographs * empty * (1 - empty)) ** 0.5
    if made.particles < wanted - 3 * chance:
        console.say(
            f"Warning: these are {made.particles / made.micrographs:.0f} a micrograph, and at "
            f"least {wanted / made.micrographs:.0f} were asked for (--particles, --empty): no more "
            "fit in beside each other, or junk is in their place. Give a larger --shape, or fewer."
        )


app.command("tomograms", epilog=f"[bold]Example:[/bold] {simulate_tomograms.EXAMPLE}")(
    simulate_tomograms.tomograms
)
