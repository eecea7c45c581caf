"""The parts of the results page: one function a benchmark, from its result to Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

NOT_MEASURED = "not measured"

Result = dict[str, Any]
Row = Sequence[str]


def no_labels(result: Result) -> str:
    """Accuracy of the general model, by model and by set."""
    accuracy = [
        (
            _model_title(block["model"]),
            f"{one['specimen']} ({name})",
            _interval(one["average_precision"]["micro"]),
            _interval(one["best_f1"]),
            " / ".join(
                f"{one['at_default_threshold'][figure]['micro']['value']:.3f}"
                for figure in ("precision", "recall", "f1")
            ),
            f"{one['recall_among_1.6_picks_per_label']:.3f}",
            f"{one['at_best_f1']['distance']['median_A']:.1f} Å",
        )
        for block in result["models"]
        for name, one in block["sets"].items()
    ]
    columns = (
        "model",
        "micrographs",
        "average precision",
        "best F1",
        "precision / recall / F1 at the default threshold",
        "recall among 1.6 × labels",
        "median distance to label",
    )
    first = result["models"][0]["sets"]
    errors = list(next(iter(first.values()))["diameter_misjudged"])
    misjudged = [
        (
            f"{one['specimen']} ({name})",
            f"{one['average_precision']['micro']['value']:.3f} / {one['best_f1']['value']:.3f}",
            *(
                f"{wrong['average_precision']:.3f} / {wrong['best_f1']:.3f}"
                for wrong in one["diameter_misjudged"].values()
            ),
        )
        for name, one in first.items()
    ]
    others = [
        (
            f"{name}, {labels}",
            str(one["labels"]),
            f"{one['average_precision']:.3f}",
            f"{one['best_f1']:.3f}",
            " / ".join(
                f"{one['at_default_threshold'][figure]:.3f}" for figure in ("precision", "recall")
            ),
        )
        for name, judged in first.items()
        for labels, one in judged["other_labels"].items()
    ]
    return "\n\n".join(
        (
            "### No labels",
            markdown(columns, accuracy),
            "Average precision / best F1 where the diameter is misjudged:",
            markdown(("micrographs", "right", *errors), misjudged),
            "By other label sets of the same micrographs (`autopickbc_neg` lists places that are "
            "*no* particles; the two `autopickbc` sets are not exhaustive):",
            markdown(
                (
                    "label set",
                    "labels",
                    "average precision",
                    "best F1",
                    "precision / recall at the default threshold",
                ),
                others,
            ),
        )
    )


def _model_title(model: Result) -> str:
    excluded = model["excluded_maps"]
    return f"{model['name']} without {', '.join(excluded)}" if excluded else str(model["name"])


def empty_micrographs(result: Result) -> str:
    """Numbers of picks where there are no particles."""
    rows = []
    for group in (result["real"], result["simulated"]):
        for kind in dict.fromkeys(kind for one in group for kind in one["summary"]):
            of_kind = [one for one in group if kind in one["summary"]]
            shown = [
                f"{_diameter(one)}: {one['summary'][kind]['median']:g} "
                f"({one['summary'][kind]['most']:g})"
                for one in of_kind
            ]
            number = of_kind[0]["summary"][kind]["micrographs"]
            source = "real" if group is result["real"] else "simulated"
            rows.append((f"{source}: {kind.replace('_', ' ')}", f"{number:g}", ", ".join(shown)))
    columns = ("micrographs", "number", "diameter: median (most) of the picks on a micrograph")
    return f"### Empty and bad micrographs\n\n{markdown(columns, rows)}"


def _diameter(one: Result) -> str:
    return f"{one['diameter_px']:g} px" if "diameter_px" in one else f"{one['diameter_A']:g} Å"


def speed(result: Result) -> str:
    """Time of a micrograph by the diameter of the particles."""
    rows = [
        (
            f"{one['diameter_A']:g} px",
            f"{one['seconds_per_micrograph']:.3f} s",
            f"{one['start_up_seconds']:.1f} s",
            f"{one['peak_GB']:.2f} GB",
        )
        for one in result["by_diameter"]
    ]
    columns = ("particle diameter", "a micrograph", "start-up", "peak memory")
    return f"### Speed, 4096 × 4096 float32\n\n{markdown(columns, rows)}"


def memory(result: Result) -> str:
    """Peak memory on a large micrograph."""
    rows = [
        (
            f"{one['diameter_A'] / one['pixel_size_A']:g} px",
            f"{one['file_GB']:.2f} GB",
            f"{one['peak_GB']:.2f} GB",
            f"{one['seconds']:.1f} s",
        )
        for one in result["runs"]
    ]
    columns = ("particle diameter", "file", "peak memory", "whole process")
    ny, nx = result["shape"]
    return f"### Memory, {nx} × {ny} float32\n\n{markdown(columns, rows)}"


def compare_topaz(result: Result) -> str:
    """Accuracy, time and memory of both programs."""
    accuracy = []
    for name, one in result["accuracy"].items():
        best = one["topaz"][one["topaz_best"]]
        for program, rated in (("nunatak", one["nunatak"]), (f"topaz, {one['topaz_best']}", best)):
            accuracy.append(
                (
                    name,
                    program,
                    _interval(rated["average_precision"]["micro"]),
                    _interval(rated["best_f1"]),
                    f"{rated['seconds_per_micrograph']:.2f} s",
                    f"{rated['peak_GB']:.2f} GB",
                )
            )
    scales = list(
        dict.fromkeys(scale for one in result["accuracy"].values() for scale in one["topaz"])
    )
    by_scale = [
        (
            name,
            *(
                f"{one['topaz'][scale]['average_precision']['micro']['value']:.3f}"
                if scale in one["topaz"]
                else "-"
                for scale in scales
            ),
        )
        for name, one in result["accuracy"].items()
    ]
    speed = [
        (
            program,
            f"{one['seconds_per_micrograph']:.2f} s",
            f"{one['start_up_seconds']:.1f} s",
            f"{one['peak_GB']:.2f} GB",
        )
        for program, one in (
            ("nunatak", result["speed"]["nunatak"]),
            *((f"topaz, {scale}", one) for scale, one in result["speed"]["topaz"].items()),
        )
    ]
    return "\n\n".join(
        (
            "### Beside topaz-em",
            "Topaz at its best scale for each set (named by the particle's diameter in its "
            "downscaled image), nunatak with one setting:",
            markdown(
                (
                    "micrographs",
                    "program",
                    "average precision",
                    "best F1",
                    "whole process, each",
                    "peak memory",
                ),
                accuracy,
            ),
            "Topaz's average precision by scale (- where its image would be too large for it):",
            markdown(("micrographs", *scales), by_scale),
            f"The same 4096 × 4096 files through both; judged at topaz's {result['judged_scale']}, "
            "where it scores best over all sets:",
            markdown(("program", "a micrograph", "start-up", "peak memory"), speed),
        )
    )


def origin(result: Result) -> str:
    """How a result came about, in one line."""
    machine, versions = result["machine"], result["versions"]
    cores = "1 core" if machine["cores"] == 1 else f"{machine['cores']} cores"
    return (
        f"`{result['command']}`, {result['date'][:10]}: nunatak {versions['nunatak']}, torch "
        f"{versions['torch']}, {machine['processor']}, {cores}."
    )


def _interval(estimate: Result) -> str:
    if estimate["value"] is None:
        return NOT_MEASURED
    value = f"{estimate['value']:.3f}"
    if estimate["low"] is None:
        return value
    return f"{value} ({estimate['low']:.3f}–{estimate['high']:.3f})"


def markdown(columns: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
