"""Rate picks in tomograms by the truth with nunatak's own evaluators, the same for all programs.

The figure that judges is the best F1 of each class, its mean over the classes: matched one to one
within half the particle's radius, with the threshold chosen on the truth.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nunatak.picks.class_evaluation import ClassEvaluation
from nunatak.picks.czii_score import CziiParticle, czii_score
from nunatak.picks.evaluate_classes import evaluate_classes
from nunatak.picks.evaluation import Evaluation
from nunatak.picks.selection import chosen
from nunatak.picks.table import PickSet


def rate_tomograms(
    picks: PickSet, truth: PickSet, particles: Mapping[str, CziiParticle]
) -> dict[str, Any]:
    """Rate scored picks of several classes.

    Parameters
    ----------
    picks
        All candidates with score and class; ``selected`` marks those that the program states.
    truth
        All particles of the same tomograms.
    particles
        Radius and weight of each class.

    Returns
    -------
    dict
        JSON values: ``best_f1`` (each class at its best threshold), ``average_precision`` and
        ``f1_as_selected``, all means over the classes; ``czii_score`` of what is selected; and
        the same class by class.
    """
    diameters_A = {name: 2 * one.radius_A for name, one in particles.items()}
    result = evaluate_classes(picks, truth, diameters_A=diameters_A, n_resamples=0)
    scored = czii_score(chosen(picks, selected_only=True), truth, particles=particles)
    classes = {one.name: _class(one.evaluation) for one in result.classes}
    for one in scored.classes:
        classes[one.name]["czii_f4"] = one.f_beta
    return {
        **{
            name: float(np.mean([one[name] for one in classes.values()]))
            for name in ("best_f1", "average_precision", "f1_as_selected")
        },
        "czii_score": scored.score,
        "micro_average_precision": _number(result.average_precision.micro.value),
        "candidates": _candidates(result),
        "classes": classes,
    }


def _class(result: Evaluation) -> dict[str, float]:
    best, *others = result.points
    # Without a candidate there is no selection either: nothing is found.
    selected = others[-1] if others else best
    return {
        "truths": float(sum(one.truths for one in result.images)),
        "best_f1": _number(result.best_f1.value),
        "average_precision": _number(result.average_precision.micro.value),
        "f1_as_selected": _number(selected.f1.micro.value),
        "selected": float(selected.selected),
    }


def _candidates(result: ClassEvaluation) -> int:
    return sum(len(one.evaluation.judged.score) for one in result.classes)


def _number(value: float) -> float:
    """Return a figure, 0 where nothing was found that could have one."""
    return value if math.isfinite(value) else 0.0
