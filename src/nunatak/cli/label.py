"""``nunatak label``: look at images in the browser, correct picks, train, review."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from nunatak.cli import by_class, console, images_are, options

PANEL = "Pick"
EXAMPLE = "nunatak label micrographs/*.mrc --diameter 122"

SERVER = "Server"
USUAL_FOLDER = Path("nunatak-project")
LEAST_DIAMETER_A = 1.0

Images = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[IMAGES]...",
        help="Micrographs or tomograms: files, folders, quoted globs, text lists, a RELION "
        "micrographs STAR file, OME-Zarr folders or a copick project's JSON file. Not needed where "
        "the project has them already; new ones are added.",
        show_default=False,
    ),
]


def label(
    images: Images = None,
    *,
    project: Annotated[
        Path,
        typer.Option(
            "--project",
            metavar="FOLDER",
            help="Folder that keeps labels, picks, runs and models; made if it is missing.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = USUAL_FOLDER,
    diameter: Annotated[
        list[str] | None,
        typer.Option(
            "--diameter",
            "-d",
            metavar="[CLASS=]Å",
            help="Particle diameter (longest extent), Å; several kinds as ribosome=300. Picking "
            "begins at once where it is known; the page asks for it otherwise.",
            show_default=False,
            rich_help_panel=options.PARTICLE,
        ),
    ] = None,
    pixel_size_A: options.PixelSize = None,
    contrast: options.Contrast = options.ContrastChoice.AUTO,
    kind: images_are.ImagesAre = None,
    tomograms_star: Annotated[
        Path | None,
        typer.Option(
            "--tomograms-star",
            metavar="STAR",
            help="RELION's tomograms.star, to save and read picks in tomograms as RELION 4 and 5 "
            "count them. The project keeps a copy.",
            show_default=False,
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="To whom labels are ascribed. Default: your user name on this machine.",
            show_default=False,
            rich_help_panel=SERVER,
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65_535,
            help="Port of this machine. 0 takes the project's last one, or any that is free.",
            rich_help_panel=SERVER,
        ),
    ] = 0,
    socket: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Listen at a Unix socket, in a folder of your own, instead of a port: other "
            "users of this machine cannot even knock.",
            show_default=False,
            rich_help_panel=SERVER,
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Address to listen on. One that other machines reach needs --expose.",
            rich_help_panel=SERVER,
        ),
    ] = "127.0.0.1",
    expose: Annotated[
        bool,
        typer.Option(
            "--expose",
            help="Allow --host to be an address that other machines reach. The connection is "
            "not encrypted; prefer a tunnel (ssh -L).",
            rich_help_panel=SERVER,
        ),
    ] = False,
    open_browser: Annotated[
        bool,
        typer.Option("--open", help="Open the page in a browser here.", rich_help_panel=SERVER),
    ] = False,
) -> None:
    """Label, train and review in the browser: look, click, correct.

    Prints the address of a page, and the ssh command to reach it from another computer. Picks of
    the general model appear at once where the particle's diameter is known. Everything is kept in
    the project's folder, and saved as you click; give the same command again to go on.

    Ctrl-C ends the server. A training that runs goes on, and is found again.
    """
    from nunatak.server.listening import Listening
    from nunatak.server.prepare import prepare
    from nunatak.server.session import run_session

    listening = Listening.checked(host=host, port=port, path=socket, may_expose=expose)
    who = user or getpass.getuser()
    prepared = prepare(
        project,
        images or [],
        user=who,
        diameters_A=by_class.parsed("--diameter", diameter or [], least=LEAST_DIAMETER_A),
        contrast=contrast.value,
        pixel_size_A=pixel_size_A,
        is_of_tomograms=None if kind is None else kind is images_are.ImagesAreChoice.TOMOGRAMS,
        tomograms_star=tomograms_star,
    )
    for note in prepared.notes:
        console.say(f"{note}.")
    console.say(f"{prepared.n_images} images in {project}, {prepared.n_new} of them new.")
    run_session(
        project,
        listening,
        user=who,
        say=console.say,
        tell=typer.echo,
        opens_browser=open_browser,
    )
