"""``nunatak recipe``: make the models that ship with the package again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nunatak.cli import console, options

if TYPE_CHECKING:
    from nunatak.training.progress import Progress

PANEL = "Learn"
EXAMPLE = "nunatak recipe general-2d -o general-2d.safetensors --maps maps/"

TRAINING = "Training"

app = typer.Typer(
    help="Train the models that ship with nunatak again, from simulation alone.",
    no_args_is_help=True,
)


Maps = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Density maps or atomic models to train on besides the procedural complexes.",
        show_default=False,
        rich_help_panel=options.INPUT,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="File stem in --maps to leave out (repeatable), such as a protein to be judged on.",
        show_default=False,
        rich_help_panel=options.INPUT,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Settings of the recipe, TOML.",
        show_default=False,
        rich_help_panel=TRAINING,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Optimiser steps. Default: the recipe's.",
        show_default=False,
        rich_help_panel=TRAINING,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Seed of every random choice; one seed, one result. Default: the recipe's.",
        show_default=False,
        rich_help_panel=options.COMPUTING,
    ),
]


@app.command(
    "general-2d",
    epilog="[bold]Example:[/bold] nunatak recipe general-2d -o general.safetensors --maps maps/ "
    "--exclude 6pxm",
)
def general_2d(
    *,
    output: options.ModelOutput,
    maps: Maps = None,
    exclude: Exclude = None,
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
    config: Config = None,
    steps: Steps = None,
    seed: Seed = None,
    redo: options.Redo = False,
    device: options.Device = "auto",
    threads: options.Threads = None,
) -> None:
    """Train the general 2D model: any particle, no labels, simulation only."""
    from nunatak.recipes.general_2d import train_general_2d
    from nunatak.recipes.settings import load_recipe

    recipe = load_recipe(
        config, seed=seed, steps=steps, excluded_maps=tuple(exclude or ()), start=start
    )
    with _training(recipe.training.steps, threads) as on_step:
        model = train_general_2d(
            recipe,
            output,
            maps=maps,
            workers=threads,
            device=device,
            redo=redo,
            on_step=on_step,
        )
    console.say(f"{output}: {model.header.provenance['validation']}")


@app.command(
    "general-3d",
    epilog="[bold]Example:[/bold] nunatak recipe general-3d -o general.safetensors --maps maps/",
)
def general_3d(
    *,
    output: options.ModelOutput,
    maps: Maps = None,
    exclude: Exclude = None,
    config: Config = None,
    steps: Steps = None,
    seed: Seed = None,
    redo: options.Redo = False,
    device: options.Device = "auto",
    threads: options.Threads = None,
) -> None:
    """Train the general model for tomograms: any particle by its size, simulation only."""
    from nunatak.recipes.general_3d import train_general_3d
    from nunatak.recipes.settings import load_3d_recipe

    recipe = load_3d_recipe(config, seed=seed, steps=steps, excluded_maps=tuple(exclude or ()))
    with _training(recipe.training.steps, threads) as on_step:
        model = train_general_3d(
            recipe,
            output,
            maps=maps,
            workers=threads,
            device=device,
            redo=redo,
            on_step=on_step,
        )
    console.say(f"{output}: {model.header.provenance['validation']}")


@app.command(
    "general-pruner",
    epilog="[bold]Example:[/bold] nunatak recipe general-pruner -o general-pruner.safetensors",
)
def general_pruner(
    *,
    output: options.ModelOutput,
    maps: Maps = None,
    exclude: Exclude = None,
    imagenet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Weights of a ResNet-18 trained on photographs to start from: a local file such "
            "as resnet18-f37072fd.pth. The network is then as wide as that one. Default: random "
            "weights.",
            show_default=False,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    config: Config = None,
    steps: Steps = None,
    seed: Seed = None,
    redo: options.Redo = False,
    device: options.Device = "auto",
    threads: options.Threads = None,
) -> None:
    """Train the general pruner: particles and kinds of junk, simulation only."""
    from nunatak.recipes.general_pruner import train_general_pruner
    from nunatak.recipes.settings import load_pruner_recipe

    recipe = load_pruner_recipe(
        config,
        seed=seed,
        steps=steps,
        excluded_maps=tuple(exclude or ()),
        imagenet_weights=imagenet,
    )
    with _training(recipe.training.steps, threads) as on_step:
        model = train_general_pruner(
            recipe,
            output,
            maps=maps,
            workers=threads,
            device=device,
            redo=redo,
            on_step=on_step,
        )
    console.say(f"{output}: {model.header.provenance['validation']}")


@contextmanager
def _training(steps: int, threads: int | None) -> "Iterator[Callable[[Progress], None]]":
    """Show the course of a training, on so many threads."""
    import torch

    if threads:
        torch.set_num_threads(threads)
    with console.progress("training", steps, unit="steps") as advance:
        reach = console.reached(advance)
        yield lambda progress: reach(progress.step)
