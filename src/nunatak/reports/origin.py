"""Where picks come from, for the reader of a report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nunatak.detection.record import is_as_written, read_record, record_path


@dataclass(frozen=True)
class Origin:
    """What is known about how a file of picks was made.

    Attributes
    ----------
    provenance : dict of str to str
        Label to text, in the order in which a report shows it.
    failures : list of (str, str)
        Micrographs that could not be picked, and why.
    threshold, diameter_A : float or None
        As used by the run.
    """

    provenance: dict[str, str]
    failures: list[tuple[str, str]] = field(default_factory=list)
    threshold: float | None = None
    diameter_A: float | None = None


def origin_of_file(picks_file: Path) -> Origin:
    """Read the record that ``nunatak pick`` leaves beside its output.

    Parameters
    ----------
    picks_file
        A file of picks, from any program.

    Returns
    -------
    Origin
        The file's name alone where there is no record, or where the file has changed since.
    """
    provenance = {"Picks": str(picks_file)}
    record = read_record(picks_file)
    if record is None:
        return Origin(provenance)
    if not is_as_written(picks_file, record):
        earlier = f"{record_path(picks_file)} describes an earlier state of the picks"
        return Origin({**provenance, "Record": earlier})
    options = record.get("options", {})
    return Origin(
        provenance={**provenance, **_labelled(record)},
        failures=[(one["image"], one["reason"]) for one in record.get("failures", [])],
        threshold=options.get("threshold"),
        diameter_A=options.get("diameter_A"),
    )


def _labelled(record: Mapping[str, Any]) -> dict[str, str]:
    """Label what a run record says, as far as it says it."""
    model, options = record.get("model", {}), record.get("options", {})
    known = {
        "Command": " ".join(record.get("command_line", [])),
        "Picked": record.get("date"),
        "Version": f"nunatak {record.get('versions', {}).get('nunatak', 'unknown')}",
        "Model": f"{model.get('name')} (sha256 {model.get('sha256')})" if model else None,
        "Device": ", ".join(str(record[key]) for key in ("device", "dtype") if key in record),
        "Contrast": f"{record['contrast']} particles" if "contrast" in record else None,
        "Options": ", ".join(
            f"{name} {_in_words(value)}" for name, value in options.items() if value is not None
        ),
    }
    return {label: str(text) for label, text in known.items() if text}


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):  # such as a threshold for each class
        return f"({', '.join(f'{name} {_in_words(one)}' for name, one in value.items())})"
    return f"{value:g}" if isinstance(value, float) else str(value)
