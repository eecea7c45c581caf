"""Classes of which a diameter is given and not one label."""

from collections.abc import Collection

import numpy as np

from nunatak.errors import BadInput
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.volumes.volume_label_set import VolumeLabelSet
from nunatak.learning.volumes.volume_start import VolumeStart


def known_without_labels(start: VolumeStart, *, are_complete: bool) -> tuple[str, ...]:
    """Return the names of the classes that need no label, since the start tells them already.

    Parameters
    ----------
    start
        Of the training. A model of sizes knows no class by its name.
    are_complete
        Whether all particles of a labelled tomogram are labelled. If so, whatever the start
        knows is learned as empty, and none is returned.
    """
    if are_complete or start.model is None or start.model.header.classes_are == "sizes":
        return ()
    return tuple(kind.name for kind in start.model.header.classes)


def unlabelled_findings(
    labels: VolumeLabelSet, *, source: str, known: Collection[str]
) -> tuple[Finding, ...]:
    """Refuse classes that nothing can be learned of, and name those that only the start knows.

    Parameters
    ----------
    labels
        That are used.
    source
        Of the labels, for messages.
    known
        Names of the classes that need no label.

    Raises
    ------
    BadInput
        If a class has no usable label.
    """
    kinds = np.concatenate([one.class_index for one in labels.tomograms.values()])
    numbers = np.bincount(kinds, minlength=len(labels.classes)).tolist()
    without = [name for name, n in zip(labels.classes, numbers, strict=True) if not n]
    unknown = [name for name in without if name not in known]
    if unknown:
        labelled = ", ".join(name for name in labels.classes if name not in without)
        said = "".join(f" {one}" for one in labels.findings)
        raise BadInput(
            f"{source}: no usable label of {', '.join(unknown)}, of which a diameter is given "
            f"(there are labels of {labelled}).{said} Check the name, label some, or leave the "
            "diameter out."
        )
    return tuple(_only_known(name) for name in without)


def _only_known(name: str) -> Finding:
    return Finding(
        kind="unlabelled class",
        severity=Severity.WARNING,
        count=1,
        text=f"There is no label of {name}: all that is known of it is what the start knows",
        remedy="Unless that is what you want, label some or leave its diameter out",
    )
