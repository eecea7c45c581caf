"""Make a page of every notebook in the manual's folder.

The notebooks are kept without outputs. Where the environment variable `EXECUTE` is set, as by
``make docs``, they are run from beginning to end while the manual is built, an error in one of
their cells fails the build, and the pages show what the cells print and draw. Otherwise the pages
show the cells alone, which takes no time.

The pages are ordinary Markdown with pictures beside them: the theme draws them, and nothing is
fetched from elsewhere.
"""

import base64
import os
import re
import tempfile
from pathlib import Path

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

EXECUTE = "NUNATAK_EXECUTE_NOTEBOOKS"

_LONGEST_CELL_S = 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the notebooks, which stay as files to download (called by mkdocs)."""
    notebooks = [file for file in files if file.src_uri.endswith(".ipynb")]
    for file in notebooks:
        notebook = nbformat.read(Path(file.abs_src_path), as_version=4)
        if os.environ.get(EXECUTE):
            execute(notebook, file.src_uri)
        stem = file.src_uri.removesuffix(".ipynb")
        text, pictures = page(notebook, Path(stem).name)
        for name, content in pictures.items():
            where = (Path(stem).parent / name).as_posix()
            files.append(File.generated(config, where, content=content))
        files.append(File.generated(config, f"{stem}.md", content=text))
    return files


def execute(notebook: NotebookNode, name: str) -> None:
    """Run all cells in a fresh folder, which is deleted afterwards; outputs go into the notebook.

    Parameters
    ----------
    notebook
        Changed in place.
    name
        For messages.

    Raises
    ------
    PluginError
        If a cell fails or does not come to an end; mkdocs prints it and stops.
    """
    with tempfile.TemporaryDirectory(prefix="nunatak-notebook-") as folder:
        # Through files and not through ports, which other users of the machine could listen to.
        manager = {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}
        client = NotebookClient(
            notebook,
            config=Config({"KernelManager": manager}),
            timeout=_LONGEST_CELL_S,
            kernel_name="python3",
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise PluginError(f"{name} does not run: {_COLOURS.sub('', str(error))}") from error


def page(notebook: NotebookNode, stem: str) -> tuple[str, dict[str, bytes]]:
    """Write a notebook as Markdown.

    Parameters
    ----------
    notebook
        With outputs or without.
    stem
        Of its file, and of those of its pictures.

    Returns
    -------
    text : str
        Of the page; a line below the title offers the notebook itself.
    pictures : dict of str to bytes
        PNG files that the page shows, by name.
    """
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(_fenced("python", cell.source))
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{stem}-{len(pictures) + 1}.png"
                pictures[name] = base64.b64decode(data["image/png"])
                parts.append(f"![What the cell above draws]({name})")
            else:
                text = output.get("text", data.get("text/plain", ""))
                parts.append(_fenced("text", _COLOURS.sub("", text)))
    title, *rest = parts
    offer = f"This page is a notebook: [download it]({stem}.ipynb) to run it yourself."
    return "\n\n".join([title, offer, *rest]) + "\n", pictures


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"
