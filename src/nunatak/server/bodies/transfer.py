"""Files of labels and picks."""

from nunatak.server.bodies.base import Body


class ExportFormat(Body):
    """A format that files are written in.

    Attributes
    ----------
    name : str
    tells_apart : bool
        Whether a column says which places are particles and what the others are.
    """

    name: str
    tells_apart: bool
