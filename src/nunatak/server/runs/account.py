"""What came of a training on micrographs, in words for who labelled."""

from nunatak.learning.result import TrainingResult
from nunatak.picks.counted import counted
from nunatak.server.runs.lesson import Lesson

_MORE = "Correct picks on a few more images, and train again."


def account(lesson: Lesson, result: TrainingResult) -> str:
    """Say from what was learned, whether it helped, and how that is known.

    Parameters
    ----------
    lesson
        What was given.
    result
        What came of it.
    """
    taught = lesson.taught
    text = f"Learned from {counted(taught.particles, 'particle')}"
    if taught.negatives:
        text += f" and {counted(taught.negatives, 'place')} that hold none"
    text += f" on {counted(len(taught.images), 'image')}."
    classes = sorted({kind.name for kind in lesson.settings.classes})
    if len(classes) > 1:
        text += f" All kinds ({', '.join(classes)}) were learned as one."
    return f"{text} {_verdict(result)}"


def _verdict(result: TrainingResult) -> str:
    is_kept = result.best_step == 0 and result.last_step > 0
    threshold = (
        " Its threshold was chosen by your labels."
        if result.is_calibrated
        else " Its threshold is that of the model it started from."
    )
    if result.validation:
        labels = "On the labels kept aside it"
        if is_kept:
            return (
                f"{labels} was no better than the model it started from, which therefore "
                f"stays as it is.{threshold} {_MORE}"
            )
        return (
            f"{labels} is better than the model it started from. Labels that correct picks say "
            f"little of the picks that were right: compare these, too.{threshold}"
        )
    if is_kept:
        return (
            "Even on these labels it was worse than the model it started from, which therefore "
            f"stays as it is.{threshold} Look whether a label is wrong, and train again."
        )
    return (
        "No labels were kept aside, which takes more of them, on several images: nothing but "
        "these labels says whether it is better. Compare the new picks with the old."
        f"{threshold}"
    )
