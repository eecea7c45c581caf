"""Turn a composed page into an HTML file."""

from pathlib import Path

import jinja2

from nunatak import __version__
from nunatak.files import encodable, write_text


def write_page(template: str, page: object, path: Path) -> None:
    """Write a page, whole or not at all.

    Parameters
    ----------
    template
        Name of a template of the package.
    page
        What it shows.
    path
        The HTML file.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    write_text(path, encodable(render(template, page)))


def render(template: str, page: object) -> str:
    """Return a page as HTML; every text in it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nunatak.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(page=page, version=__version__)
