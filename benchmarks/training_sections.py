"""The parts of the results page that show training: one function a benchmark."""

from collections.abc import Iterable, Mapping
from typing import Any

from result_sections import NOT_MEASURED, Result, markdown

SHOWN = 0.0005
"""Differences that three decimals show."""


def label_efficiency(result: Result) -> str:
    """Average precision by number of labels: each variant, on each set."""
    parts = ["### Label efficiency", _draw(result)]
    counts = list(dict.fromkeys(cell["labels"] for cell in result["cells"]))
    counts.sort(key=lambda count: (count == "all", len(count), count))
    for name, data in result["sets"].items():
        cells = {
            (cell["variant"], cell["labels"]): cell
            for cell in result["cells"]
            if cell["set"] == name
        }
        general = result["general"].get(name)
        rows = [
            (
                variant["title"],
                *(_accuracy(cells.get((key, count))) for count in counts),
                _seconds(cells.get((key, count)) for count in counts),
            )
            for key, variant in result["variants"].items()
        ]
        before = NOT_MEASURED if general is None else _both(general)
        parts += [
            f"{data['title']} ({name}); the general model, without any label: {before}",
            markdown(("training", *(f"{one} labels" for one in counts), "seconds"), rows),
        ]
    return "\n\n".join(parts)


def _draw(result: Result) -> str:
    runs = result["runs"]
    missing = f" **{runs['missing']} of {runs['planned']} runs are missing.**"
    return (
        "Average precision / best F1 on the test micrographs, mean ± standard deviation over "
        f"{result['seeds']['number']} draws of labels (and seeds of the training); "
        "a single figure is that of one draw. The test "
        f"micrographs are {result['draw']['test']}; up to 30 labels lie on "
        f"{result['draw']['fewest_micrographs']} training micrographs, more of them on one "
        f"micrograph for every {result['draw']['labels_a_micrograph']}, as far as there are so "
        f"many.{missing if runs['missing'] else ''}"
    )


def _accuracy(cell: Mapping[str, Any] | None) -> str:
    if cell is None:
        return ""
    if not cell["runs"]:
        return NOT_MEASURED
    figures = (cell["average_precision"], cell["best_f1"])
    if len(cell["runs"]) == 1:
        return " / ".join(f"{one['mean']:.3f}" for one in figures)
    return " / ".join(f"{one['mean']:.3f} ± {one['deviation']:.3f}" for one in figures)


def _both(judged: Mapping[str, Any]) -> str:
    return f"{judged['average_precision']:.3f} / {judged['best_f1']:.3f}"


def _seconds(cells: Iterable[Mapping[str, Any] | None]) -> str:
    means = [cell["training_seconds"]["mean"] for cell in cells if cell and cell["runs"]]
    if not means:
        return ""
    least, greatest = f"{min(means):.0f}", f"{max(means):.0f}"
    return least if least == greatest else f"{least}–{greatest}"


def compare_topaz_training(result: Result) -> str:
    """Accuracy and time of both programs, and topaz's curves."""
    runs = [(cell, run) for cell in result["cells"] for run in cell["runs"]]
    compared = [
        (
            cell["set"],
            str(cell["labels"]),
            str(run["seed"]),
            f"{run['nunatak']['average_precision']:.3f}",
            f"{run['topaz']['end']['average_precision']:.3f}",
            f"{run['topaz']['best']['average_precision']:.3f} "
            f"({run['topaz']['best']['updates']} updates)",
            f"{run['nunatak']['training_seconds']:.0f} s",
            _time(run["to_end"]),
            f"{run['topaz']['seconds_for_default'] / 60:.0f} min",
        )
        for cell, run in runs
    ]
    updates = list(
        dict.fromkeys(point["updates"] for _, run in runs for point in run["topaz"]["curve"])
    )
    curves = [
        (
            f"{cell['set']}, {cell['labels']} labels, seed {run['seed']}",
            *(f"{point['average_precision']:.3f}" for point in run["topaz"]["curve"]),
        )
        for cell, run in runs
    ]
    missing = result["runs"]["missing"]
    topaz = result["topaz"]
    return "\n\n".join(
        (
            "### Training beside topaz-em",
            f"Both trained on the same labels; topaz-em {topaz['version']} with "
            f"{topaz['training']}, for {updates[-1] if updates else 0} updates of its default "
            f"{topaz['default_updates']}, to which its time is extrapolated."
            + (f" **{missing} of {result['runs']['planned']} are missing.**" if missing else ""),
            markdown(
                (
                    "micrographs",
                    "labels",
                    "seed",
                    "nunatak: average precision",
                    "topaz, at its end",
                    "topaz, at its best",
                    "nunatak's training",
                    "until topaz's end is reached",
                    "topaz's default training",
                ),
                compared,
            ),
            "Topaz's average precision on the test micrographs by its number of updates:",
            markdown(("training", *map(str, updates)), curves),
        )
    )


def _time(reached: Mapping[str, Any]) -> str:
    if reached["seconds"] is None:
        return "not reached"
    return f"{reached['seconds']:.0f} s ({reached['steps']} steps)"


def quick_training(result: Result) -> str:
    """Accuracy and time of the command with ten labels."""
    rows = [
        (
            f"{result['sets'][name]['title']} ({name})",
            f"{one['average_precision']['mean']:.3f} ± {one['average_precision']['deviation']:.3f}",
            f"{one['best_f1']['mean']:.3f} ± {one['best_f1']['deviation']:.3f}",
            f"{one['seconds']['mean']:.0f} s ({one['seconds']['greatest']:.0f} s)",
            f"{one['peak_GB']['greatest']:.2f} GB",
        )
        for name, one in result["summary"].items()
    ]
    columns = (
        "micrographs",
        "average precision",
        "best F1",
        "whole command (slowest)",
        "peak memory",
    )
    return (
        f"### Ten labels, {result['cores_used']} cores\n\n"
        f"`nunatak train` as a command, {result['seeds']['number']} draws of "
        f"{result['labels']} labels:\n\n{markdown(columns, rows)}"
    )


def calibration(result: Result) -> str:
    """Realised precision by the wanted one."""
    wanted = list(dict.fromkeys(cell["wanted"] for cell in result["cells"]))
    rows: dict[tuple[str, str], list[str]] = {}
    for cell in result["cells"]:
        rows.setdefault((cell["set"], cell["labels"]), []).append(_realised(cell))
    return "\n\n".join(
        (
            "### Precision as wanted",
            "Precision that the selected picks have on the test micrographs where "
            "`--precision` asks for so much, mean ± standard deviation over draws of labels, "
            "and after a semicolon how far the worst draw is off; in brackets what is promised "
            "where all candidates together promise more than is wanted, so that all of them are "
            "selected:",
            markdown(
                ("micrographs", "labels", *(f"{one:g} wanted" for one in wanted)),
                [(*key, *cells) for key, cells in rows.items()],
            ),
        )
    )


def _realised(cell: Mapping[str, Any]) -> str:
    without = cell["without_a_value"]
    if "realised" not in cell:
        return f"none in {without}"
    realised = cell["realised"]
    value = f"{realised['mean']:.3f} ± {realised['deviation']:.3f}; {cell['furthest']:.3f}"
    if abs(cell["aimed"] - cell["wanted"]) > SHOWN:
        value += f" [{cell['aimed']:.3f}]"
    return f"{value} (none in {without})" if without else value
