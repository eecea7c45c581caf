"""Places marked as no particle, where the network learns nothing from them."""

from dataclasses import replace

from nunatak.learning.labels.report import Finding, LabelReport, Severity
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.patch_classifier import PatchClassifier


def with_idle_negatives(report: LabelReport, network: DetectorNetwork) -> LabelReport:
    """Return what is odd about labels, with a warning where their negatives are not learned.

    Patch classifiers draw their minibatches from labelled particles and from all other places,
    as published.

    Parameters
    ----------
    report
        Of the labels.
    network
        To be trained.
    """
    if not report.n_negative or not isinstance(network, PatchClassifier):
        return report
    name = type(network).__name__
    others = tuple(found for found in report.findings if found.kind != "negative")
    idle = Finding(
        kind="idle negatives",
        severity=Severity.WARNING,
        count=report.n_negative,
        text=f"{report.n_negative} places are marked as no particle, and {name} does not learn "
        "from them",
        cause="It learns from single patches, of particles and of all other places",
        remedy="To learn from them, train the U-Net, or leave --network and --recipe out",
    )
    return replace(report, findings=(*others, idle))
