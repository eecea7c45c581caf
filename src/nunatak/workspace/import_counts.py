"""What came of reading labels from a file."""

from nunatak.workspace.base import Model


class ImportCounts(Model):
    """What came of reading labels from a file.

    Attributes
    ----------
    added : int
        Points.
    already_there : int
        Places with the same label within a tenth of a diameter.
    notes : list of str
        What was left out, with numbers and reasons.
    """

    added: int
    already_there: int
    notes: list[str]
