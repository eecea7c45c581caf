"""Negatives that a network does not learn from are not said to be learned."""

import pytest

from nunatak.learning.idle_negatives import with_idle_negatives
from nunatak.learning.labels.report import LabelReport, Severity
from nunatak.learning.labels.rows import negative_finding
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec


def report(n_negative: int) -> LabelReport:
    findings = (negative_finding(n_negative),) if n_negative else ()
    return LabelReport(
        source="labels.star",
        n_read=10 + n_negative,
        n_positive=10,
        n_negative=n_negative,
        n_micrographs=2,
        n_labelled=2,
        findings=findings,
    )


@pytest.mark.parametrize("name", ["ResNet8", "Conv31"])
def test_patch_classifiers_say_that_they_have_no_use_for_negatives(name: str) -> None:
    (found,) = with_idle_negatives(report(30), build(NetworkSpec(name=name))).findings
    assert (found.severity, found.count) == (Severity.WARNING, 30)
    assert f"{name} does not learn from them" in str(found)
    assert "learned as such" not in str(found)


def test_nothing_is_said_of_negatives_that_are_learned_or_not_there() -> None:
    assert with_idle_negatives(report(30), build(NetworkSpec(name="UNet"))) == report(30)
    assert with_idle_negatives(report(0), build(NetworkSpec(name="ResNet8"))) == report(0)
