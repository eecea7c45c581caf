"""Options with a number for each class of particles: ``180``, or ``ribosome=300`` for each."""

from collections.abc import Mapping, Sequence
from math import isfinite

from nunatak.errors import UsageError

ByClass = Mapping[str | None, float]
"""Number by the name of its class; a single number under None where no class is named."""


def parsed(option: str, texts: Sequence[str], *, least: float) -> ByClass:
    """Read the values of an option.

    Parameters
    ----------
    option
        Its name, for messages.
    texts
        As the user typed them. A class's name may hold equals signs.
    least
        Smallest number that makes sense.

    Raises
    ------
    UsageError
        If one cannot be read, is too small or not finite, or a class has two.

    Examples
    --------
    >>> parsed("--diameter", ["ribosome=300", "apo-ferritin=120"], least=1)
    {'ribosome': 300.0, 'apo-ferritin': 120.0}
    >>> parsed("--diameter", ["300"], least=1)
    {None: 300.0}
    """
    found: dict[str | None, float] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        kind = name.strip() if equals else None
        if kind == "":
            raise UsageError(f"{option} {text}: the class has no name. Give it as ribosome=300.")
        if kind in found:
            whose = "a number" if kind is None else f"that of {kind}"
            raise UsageError(f"{option} {text}: {whose} was given before.")
        found[kind] = _number(option, text, number, least)
    if None in found and len(found) > 1:
        raise UsageError(
            f"{option}: {found[None]:g} has no class, others have one. Give each as ribosome=300."
        )
    return found


def of_one_kind(option: str, numbers: ByClass) -> float:
    """Return the number of micrographs, whose particles are of one kind.

    Raises
    ------
    UsageError
        If classes are named.
    """
    if None not in numbers:
        raise UsageError(
            f"{option}: IMAGES are micrographs, of whose particles one kind is learned. Give a "
            "number without a class."
        )
    return numbers[None]


def of_classes(option: str, numbers: ByClass, classes: Sequence[str]) -> dict[str, float]:
    """Give a single number its class.

    Parameters
    ----------
    option
        Its name, for messages.
    numbers
        Of `parsed`.
    classes
        The classes there are. Whether numbers with names are of these is not looked at.

    Raises
    ------
    UsageError
        If a number without a class meets several.
    """
    if None not in numbers:
        return {str(name): number for name, number in numbers.items()}
    if len(classes) > 1:
        each = " ".join(f"{option} {name}={numbers[None]:g}" for name in classes[:3])
        raise UsageError(
            f"{option} {numbers[None]:g}: there are several classes ({', '.join(classes[:10])}). "
            f"Give the number of each, as {each}."
        )
    return {classes[0]: numbers[None]}


def _number(option: str, text: str, number: str, least: float) -> float:
    try:
        value = float(number)
    except ValueError:
        raise UsageError(
            f"{option} {text}: {number!r} is no number. Give one, such as 300 or ribosome=300."
        ) from None
    if not (isfinite(value) and value >= least):
        raise UsageError(f"{option} {text}: give a number from {least:g} on.")
    return value
