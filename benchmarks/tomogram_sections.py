"""The parts of the results page that are about tomograms: simulated ones, as every part says."""

from collections.abc import Mapping
from typing import Any

from result_sections import NOT_MEASURED, Result, markdown

_FIGURES = (
    ("best_f1", "Best F1, which judges: each class at the threshold that is best on the truth"),
    ("f1_as_selected", "F1 at the thresholds that the model itself states"),
    ("average_precision", "Average precision"),
    ("czii_score", "CZII score (F4, weighted) of what the model selects"),
)


def tomograms(result: Result) -> str:
    """Show each figure by arm and fraction of the labels, the ablation, and the classes."""
    cells = {(cell["arm"], cell["fraction"]): cell for cell in result["cells"]}
    fractions = sorted({fraction for _, fraction in cells})
    columns = tuple(
        f"{_percent(one)} ({result['labels'][_percent(one)]} labels)" for one in fractions
    )
    main = {key: arm for key, arm in result["arms"].items() if not arm.get("is_ablation")}
    ablated = {key: arm for key, arm in result["arms"].items() if arm.get("is_ablation")}
    parts = [
        f"### Learning in tomograms, simulated, {result['steps']} steps",
        _introduction(result),
    ]
    for figure, title in _FIGURES:
        rows = [
            (arm["title"], *(_shown(cells.get((key, one)), figure) for one in fractions))
            for key, arm in main.items()
        ]
        parts += [f"{title}; simulated:", markdown(("training", *columns), rows)]
    if ablated:
        rows = [
            (
                arm["title"],
                *(_shown(cells.get((key, 0.05)), figure) for figure, _ in _FIGURES),
            )
            for key, arm in ablated.items()
        ]
        parts += [
            "One thing changed at a time, 5 % of the labels; simulated:",
            markdown(("training", "best F1", "F1 as selected", "AP", "CZII score"), rows),
        ]
    classes = list(result["data"]["classes"])
    rows = [
        (
            f"{result['arms'][cell['arm']]['title']}, {_percent(cell['fraction'])}",
            *(_class_mean(cell, name) for name in classes),
            f"{cell['training_seconds']['mean'] / 60:.1f} min",
        )
        for cell in result["cells"]
        if cell["runs"] and cell["arm"] in main
    ]
    sizes = (f"{name} ({result['data']['classes'][name]['diameter_A']:.0f} Å)" for name in classes)
    parts += [
        "Best F1 class by class, mean over seeds, and the time of a training; simulated:",
        markdown(("training", *sizes, "time"), rows),
    ]
    return "\n\n".join(parts)


def _introduction(result: Result) -> str:
    data, runs = result["data"], result["runs"]
    parts, config = data["parts"], data["config"]
    shape = " × ".join(map(str, config["shape"]))
    missing = (
        f" **{runs['missing']} of {runs['planned']} runs are missing**; figures are of those "
        "that there are."
    )
    return (
        f"**Simulated data only**: tomograms of {shape} voxels of {config['voxel_size_A']:g} Å "
        f"with {len(data['classes'])} classes. Labels are drawn from {parts['labelled']} "
        f"tomograms, {parts['unlabelled']} more have none, and {parts['test']} others with "
        f"{data['test_particles']} particles judge. Means over the classes, then mean ± standard "
        f"deviation over {result['seeds']['number']} draws of labels (and seeds of the training); "
        f"a single figure is that of one draw. Every training has {result['steps']} steps"
        f"{_monai_steps(result)}.{missing if runs['missing'] else ''}"
    )


def _monai_steps(result: Result) -> str:
    monai = result["arms"].get("monai")
    steps = monai["settings"]["steps"] if monai else result["steps"]
    return f", that of the MONAI U-Net {steps}" if steps != result["steps"] else ""


def _percent(fraction: float) -> str:
    return f"{100 * fraction:g} %"


def _shown(cell: Mapping[str, Any] | None, figure: str) -> str:
    if cell is None:
        return ""
    if not cell["runs"]:
        return NOT_MEASURED
    one = cell[figure]
    if len(cell["runs"]) == 1:
        return f"{one['mean']:.3f}"
    return f"{one['mean']:.3f} ± {one['deviation']:.3f}"


def _class_mean(cell: Mapping[str, Any], name: str) -> str:
    values = [run["classes"][name]["best_f1"] for run in cell["runs"] if name in run["classes"]]
    return f"{sum(values) / len(values):.3f}" if values else ""


def tomogram_speed(result: Result) -> str:
    """Time and memory of the whole process."""
    rows = [
        (
            "all" if run["cores"] is None else str(run["cores"]),
            f"{run['seconds']:.1f} s",
            f"{run['peak_GB']:.2f} GB",
        )
        for run in result["runs"]
    ]
    nz, ny, nx = result["shape"]
    device = "" if result["device"] == "cpu" else f", {result['device']}"
    columns = ("processor cores", "whole process", "peak memory")
    return (
        f"### A tomogram of {nz} × {ny} × {nx} voxels{device}\n\nSimulated, MRC, 10 Å, model "
        f"{result['model']['name']} (classes: {result['model']['classes']}):\n\n"
        f"{markdown(columns, rows)}"
    )
