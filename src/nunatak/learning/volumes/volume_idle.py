"""Tomograms and switches that a training makes no use of."""

from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.volumes.volume_label_set import VolumeLabelSet
from nunatak.learning.volumes.volume_settings import LabelsAre, VolumeLearningSettings
from nunatak.picks.counted import counted


def idle_findings(
    settings: VolumeLearningSettings,
    labels_are: LabelsAre,
    *,
    given: int,
    usable: VolumeLabelSet,
) -> tuple[Finding, ...]:
    """Say what was given and changes nothing.

    Parameters
    ----------
    settings, labels_are
        How to learn, chosen for these labels (`VolumeLearningSettings.for_labels`).
    given
        Number of tomograms, labelled or not.
    usable
        Labels, with the tomograms that they lie in.
    """
    if labels_are != "complete":
        return ()
    others = given - len(usable.tomograms)
    if settings.teacher and not others:
        return (_idle_teacher(given),)
    if others and not learns_unlabelled(settings):
        return (_left_out(others, given),)
    return ()


def learns_unlabelled(settings: VolumeLearningSettings) -> bool:
    """Tell whether tomograms without labels are learned from."""
    return bool(settings.teacher) or settings.objective_learns_unlabelled


def _idle_teacher(given: int) -> Finding:
    return Finding(
        kind="idle teacher",
        severity=Severity.WARNING,
        count=given,
        text=f"The teacher has nothing to label and changes nothing: in all of the "
        f"{counted(given, 'tomogram')} every particle is labelled",
        remedy="Give tomograms without labels as well, or leave the teacher out",
    )


def _left_out(others: int, given: int) -> Finding:
    return Finding(
        kind="left out",
        severity=Severity.NOTE,
        count=others,
        text=f"{others} of {counted(given, 'tomogram')} have no labels and are not learned from: "
        "from complete labels alone the focal objective learns",
        remedy="To learn from them as well, leave the teacher on (nunatak train: without "
        "--no-teacher) or take an objective that does, such as pu (--objective pu)",
    )
