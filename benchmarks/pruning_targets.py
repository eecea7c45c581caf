"""What pruning must reach."""

from target import Target

STUDY, SPEED = "pruning", "pruning_speed"

_PICKS = "pruning 100 000 picks without labels on 2 cores"

_AHEAD = (
    ("accuracy", "accuracy"),
    ("macro_f1", "macro F1"),
    ("auprc", "area under precision and recall"),
)

PRUNING_TARGETS = (
    *(
        Target(
            STUDY,
            f"{figure}_lead_{group}",
            f"pruning, 20 labels a class, {what}: {name} minus that of the better PickerOptimizer "
            "replica",
            "more than",
            0,
        )
        for group, what in (
            ("simulated", "mean over the simulated sets"),
            ("real", "least of the real sets"),
        )
        for figure, name in _AHEAD
    ),
    *(
        Target(
            STUDY,
            f"published_{figure}",
            f"pruning, the published protocol (balanced, 20 labels a class), simulated: {name}",
            "more than",
            0.95,
        )
        for figure, name in (("kind_accuracy", "accuracy"), ("kind_macro_f1", "macro F1"))
    ),
    Target(
        STUDY,
        "topaz_precision_gain",
        "pruning, 20 labels in all, Topaz's picks (EMPIAR-10017): precision gained for 5 % of the "
        "true picks",
        "at least",
        0.10,
    ),
    Target(
        STUDY,
        "hand_auroc",
        "pruning, 20 labels a class, hand-labelled picks (EMPIAR-10017): area under ROC",
        "at least",
        0.995,
    ),
    Target(
        STUDY,
        "few_match_replicas",
        "pruning, accuracy with 5 labels a class minus the better replica's with 20: mean over all "
        "sets",
        "at least",
        0,
    ),
    Target(
        STUDY,
        "ece",
        "pruning, 20 labels a class: expected calibration error, mean over all sets",
        "at most",
        0.05,
    ),
    Target(
        STUDY,
        "fdr_deviation",
        "pruning, 20 labels a class: realised false-discovery rate against 0.05, greatest distance "
        "of any set's mean",
        "at most",
        0.03,
    ),
)

PRUNING_SPEED_TARGETS = (
    Target(SPEED, "seconds", f"{_PICKS}: the whole command", "at most", 240, "s", decimals=0),
    Target(SPEED, "peak_GB", f"{_PICKS}: peak memory", "at most", 2.0, "GB", decimals=2),
)
