"""What is needed to prune picks again, for the reader of a report."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime

from nunatak import __version__
from nunatak.pruning.result import PruneResult


def origin_of_pruning(result: PruneResult) -> dict[str, str]:
    """Label what a result says of how it came about, as far as it says it.

    Parameters
    ----------
    result
        Of a pruning.

    Returns
    -------
    dict of str to str
        Label to text, in the order in which a report shows it.
    """
    recorded = result.provenance
    model, contrast = recorded.get("model", {}), recorded.get("contrast")
    known = {
        "Picks": result.picks.source,
        "Command": shlex.join(recorded.get("command_line", [])),
        "Judged": recorded.get("date"),
        "Model": f"{model.get('name')} (sha256 {model.get('sha256')})" if model else None,
        "Contrast": f"{contrast} particles" if contrast else None,
        "Options": in_words(recorded.get("options")),
        "Labels": in_words(recorded.get("labels")),
        "Cross-validation": in_words(result.cross_validation),
        "Versions": in_words(recorded.get("versions")),
        "Platform": recorded.get("platform"),
        "Report": f"nunatak {__version__}, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
    }
    return {label: str(text) for label, text in known.items() if text}


def in_words(value: object) -> str:
    """Write a JSON value as text; what is not known is left out.

    Examples
    --------
    >>> in_words({"seed": 0, "keep_fdr": None, "sizes": [1, 2.5], "loss": {"linear": 0.21}})
    'seed 0, sizes 1, 2.5, loss (linear 0.21)'
    """
    if value is None:
        return ""
    if isinstance(value, Mapping):
        inner = {
            str(name).replace("_", " "): f"({text})" if isinstance(one, Mapping) else text
            for name, one in value.items()
            if (text := in_words(one))
        }
        return ", ".join(f"{name} {text}" for name, text in inner.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(in_words(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
