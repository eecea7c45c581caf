"""The figures of every single draw of labels, as a table: there are too many for the result."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from nunatak.files import write_text
from pruning_runs import PruningRun

_DIGITS = 5


def draws_path(results: Path) -> Path:
    """Where the table lies."""
    return results / "pruning_draws.csv"


def read_draws(path: Path) -> dict[str, dict[str, Any]]:
    """Return the figures of each run by its key; none where there is no table."""
    if not path.exists():
        return {}
    table = pd.read_csv(path, dtype={"key": str, "source": str, "task": str}, index_col="key")
    # What is not known is None in JSON, and no column needs another type for it.
    table = table.astype(object).where(table.notna(), None)
    return {str(key): row for key, row in table.to_dict(orient="index").items()}


def write_draws(runs: Iterable[PruningRun], work: Path, path: Path) -> None:
    """Write the figures of all runs that are finished; those of other runs in the table stay."""
    rows = read_draws(path)
    for run in runs:
        found = run.finished(work)
        if found is not None:
            source = found["versions"]["nunatak_source_sha256"][:12]
            figures = {name: value for name, value in found.items() if _is_figure(value)}
            rows[run.key] = {**figures, "source": source}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("key")
    table = table.sort_values(["task", "arm", "count", "seed"])
    write_text(path, table.to_csv(float_format=f"%.{_DIGITS}g", lineterminator="\n"))


def _is_figure(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
