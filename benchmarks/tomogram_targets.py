"""What learning and picking in tomograms must reach, on simulated data."""

from target import Target

STEPS = {"tomograms": 400, "tomograms_long": 1000}
"""Of every training, by the study."""


def _of_study(study: str) -> tuple[Target, ...]:
    f1 = f"simulated tomograms, {STEPS[study]} steps, best F1"
    return (
        *(
            Target(
                study,
                f"{key}_{percent}",
                f"{f1} with {percent} % of the labels: {what}",
                "at least",
                bound,
            )
            for key, what, bound in (
                (
                    "scratch_over_supervised",
                    "semi-supervised minus supervised, both from scratch",
                    0.10,
                ),
                ("default_over_scratch", "default minus supervised from scratch", 0.20),
                ("default_over_general", "default minus supervised from the general model", 0.05),
            )
            for percent in (1, 5)
        ),
        Target(
            study,
            "default_over_monai",
            f"{f1}: default with 10 % of the labels minus a MONAI U-Net with all of them",
            "at least",
            0,
        ),
    )


TOMOGRAM_TARGETS = (
    *_of_study("tomograms"),
    Target(
        "tomograms",
        "least_lead_over_supervised",
        f"simulated tomograms, {STEPS['tomograms']} steps, best F1: least lead over supervised "
        "training, from scratch and from the general model, with 1, 5, 25 and 100 % of the labels",
        "at least",
        0,
    ),
    *(
        Target(
            "tomograms",
            f"{key}_over_semietpicker_{percent}",
            f"simulated tomograms, {STEPS['tomograms']} steps, best F1 with {percent} % of the "
            f"labels: {what} minus training in SemiETPicker's manner",
            "more than",
            0,
        )
        for key, what in (("default", "default"), ("scratch", "semi-supervised from scratch"))
        for percent in (1, 5, 25)
    ),
    *_of_study("tomograms_long"),
    Target(
        "tomogram_speed",
        "seconds",
        "tomogram of 184 × 630 × 630 voxels to picks on 2 cores, whole process",
        "at most",
        12,
        "s",
        1,
    ),
    Target(
        "tomogram_speed",
        "peak_GB",
        "peak memory on it",
        "at most",
        3,
        "GB",
        2,
    ),
    Target(
        "tomogram_speed_gpu",
        "seconds",
        "tomogram of 184 × 630 × 630 voxels to picks on one GPU, whole process",
        "at most",
        1,
        "s",
        2,
    ),
)
