"""``nunatak recipe``: make the models that ship with the package again."""

from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import options

PANEL = "Learn"
EXAMPLE = "nunatak recipe general-2d -o general-2d.safetensors --maps maps/"

TRAINING = "Training"

app = typer.Typer(
    help="Train the models that ship with nunatak again, from simulation alone.",
    no_args_is_help=True,
)


@app.command(
    "general-2d",
    epilog="[bold]Example:[/bold] nunatak recipe general-2d -o general.safetensors --maps maps/ "
    "--exclude 6pxm",
)
def general_2d(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Model file to write, .safetensors.",
            show_default=False,
            rich_help_panel=options.OUTPUT,
        ),
    ],
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Density maps or atomic models to train on besides the procedural complexes.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="File stem in --maps to leave out (repeatable), such as a protein to be judged "
            "on.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Model to go on from: the second stage, which also trains on empty fields on "
            "which that model errs.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings of the recipe, TOML.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Optimiser steps. Default: the recipe's.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Seed of every random choice; one seed, one result. Default: the recipe's.",
            show_default=False,
            rich_help_panel=options.COMPUTING,
        ),
    ] = None,
    redo: options.Redo = False,
    device: options.Device = "auto",
    threads: options.Threads = None,
) -> None:
    """Train the general 2D model: any particle, no labels, simulation only."""
    import torch

    from nunatak.cli import console
    from nunatak.recipes.general_2d import train_general_2d
    from nunatak.recipes.settings import load_recipe

    recipe = load_recipe(
        config, seed=seed, steps=steps, excluded_maps=tuple(exclude or ()), start=start
    )
    if threads:
        torch.set_num_threads(threads)
    with console.progress("training", recipe.training.steps, unit="steps") as advance:
        reach = console.reached(advance)
        model = train_general_2d(
            recipe,
            output,
            maps=maps,
            workers=threads,
            device=device,
            redo=redo,
            on_step=lambda progress: reach(progress.step),
        )
    validation = model.header.provenance["validation"]
    console.say(f"{output}: {validation}")
