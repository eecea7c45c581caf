"""The parts of the results page that are about pruning."""

from collections.abc import Mapping, Sequence
from typing import Any

from result_sections import NOT_MEASURED, Result, markdown

MANY = 20

_COMPARED = (
    ("accuracy", "accuracy"),
    ("macro_f1", "macro F1"),
    ("auprc", "AUPRC"),
    ("auroc", "AUROC"),
    ("ece", "calibration error"),
    ("realised_fdr", "false among kept, 0.05 asked"),
    ("kept_recall", "recall of kept"),
    ("process_seconds", "seconds"),
)
_CURVES = (
    ("accuracy", "Accuracy"),
    ("auprc", "Area under precision and recall"),
    ("ece", "Expected calibration error"),
)

Cells = Mapping[tuple[str, str, int], Mapping[str, Any]]


def pruning(result: Result) -> str:
    """Show the comparison with the replicas, the curve by number of labels, and the ablation."""
    cells = {(one["task"], one["arm"], one["count"]): one for one in result["cells"]}
    tasks = result["tasks"]
    groups = {
        "the simulated sets": [n for n, one in tasks.items() if _is(one, simulated=True)],
        **{one["title"]: [n] for n, one in tasks.items() if _is(one, simulated=False)},
        "the published protocol, simulated": [
            name for name, one in tasks.items() if one["protocol"] == "published"
        ],
    }
    groups = {title: names for title, names in groups.items() if names}
    arms = result["arms"]
    compared = [name for name, one in arms.items() if not one["is_ablation"]]
    ablated = ["ours", *(name for name, one in arms.items() if one["is_ablation"])]
    parts = ["### Pruning", _introduction(result)]
    columns = tuple(title for _, title in _COMPARED)
    rows = [
        (title, arms[arm]["title"], *(_shown(cells, names, arm, MANY, key) for key, _ in _COMPARED))
        for title, names in groups.items()
        for arm in compared
    ]
    parts += [f"{MANY} labels a class:", markdown(("picks", "method", *columns), rows)]
    counts = sorted({count for _, arm, count in cells if arm == "ours"})
    for key, what in _CURVES:
        rows = [
            (title, *(_shown(cells, names, "ours", count, key) for count in counts))
            for title, names in groups.items()
            if "protocol" not in title
        ]
        parts += [
            f"{what} of nunatak by number of labels a class:",
            markdown(("picks", *map(str, counts)), rows),
        ]
    rows = [
        (title, arms[arm]["title"], *(_shown(cells, names, arm, MANY, key) for key, _ in _COMPARED))
        for title, names in groups.items()
        if "protocol" not in title
        for arm in ablated
    ]
    parts += [
        f"One thing changed at a time, {MANY} labels a class:",
        markdown(("picks", "method", *columns), rows),
    ]
    return "\n\n".join(parts)


def _is(task: Mapping[str, Any], *, simulated: bool) -> bool:
    return task["protocol"] == "apart" and bool(task["is_simulated"]) == simulated


def _introduction(result: Result) -> str:
    runs, model = result["runs"], result["model"]
    missing = f" **{runs['missing']} of {runs['planned']} runs are missing.**"
    return (
        f"Model {model['name']}. Means over the sets of a row, each the mean over draws of labels, "
        "± the mean of their standard deviations over draws. Accuracy and F1 are of particle "
        f"against junk.{missing if runs['missing'] else ''}"
    )


def _shown(cells: Cells, tasks: Sequence[str], arm: str, count: int, figure: str) -> str:
    found = [cells[key] for task in tasks if (key := (task, arm, count)) in cells]
    if not found:
        return ""
    values = [one[figure] for one in found if one["draws"] and one[figure] is not None]
    if not values:
        return NOT_MEASURED
    mean = sum(one["mean"] for one in values) / len(values)
    deviation = sum(one["deviation"] for one in values) / len(values)
    text = f"{mean:.3f} ± {deviation:.3f}"
    kept_nothing = sum(one["nothing_kept"] for one in found) if figure == "realised_fdr" else 0
    return f"{text} (nothing kept in {kept_nothing})" if kept_nothing else text


def pruning_speed(result: Result) -> str:
    """Show time and memory of the whole process."""
    rows = [
        (
            str(run["labels"] or "none"),
            run["method"],
            f"{run['seconds']:.0f} s",
            f"{1000 * run['seconds'] / result['picks']:.2f} ms",
            f"{run['peak_GB']:.2f} GB",
        )
        for run in result["runs"]
    ]
    micrographs = result["micrographs"]
    picks = f"{result['picks']:,}".replace(",", " ")
    columns = ("labels", "judged by", "whole process", "a pick", "peak memory")
    return (
        f"### Pruning {picks} picks\n\nOn {micrographs['number']} simulated micrographs of "
        f"{micrographs['side_px']} × {micrographs['side_px']} pixels ({micrographs['different']} "
        f"different ones), with {result['cores_used']} processor cores, model "
        f"{result['model']['name']}. Where there are labels, half of them are of particles, and "
        "the time includes the trial of fine-tuning within them:\n\n"
        f"{markdown(columns, rows)}"
    )
