"""The columns that a table must have."""

from collections.abc import Collection, Sequence
from pathlib import Path

from nunatak.errors import FormatError


def require_columns(
    path: Path,
    found: Collection[str],
    names: Sequence[str],
    *,
    line: int,
    field: str | None = None,
) -> None:
    """Check that columns are present.

    Parameters
    ----------
    path, line, field
        Where the table is, for the message.
    found
        The columns there are.
    names
        Those that are needed.

    Raises
    ------
    FormatError
        If one is missing; the message lists those that are there.
    """
    missing = [name for name in names if name not in found]
    if missing:
        raise FormatError(
            path,
            f"no column {' and '.join(missing)}",
            line=line,
            field=field,
            hint=f"Columns found: {', '.join(found) or 'none'}",
        )
