"""Options with a number for each class of particles: ``180``, or ``ribosome=300`` for each."""

from collections.abc import Mapping, Sequence
from math import inf, isfinite, nan

from nunatak.errors import UsageError

ByClass = Mapping[str | None, float]
"""Number by the name of its class; a single number under None where no class is named."""


def parsed(
    option: str, texts: Sequence[str], *, least: float, most: float = inf, example: str = "300"
) -> ByClass:
    """Read the values of an option.

    Parameters
    ----------
    option
        Its name, for messages.
    texts
        As the user typed them. A class's name may hold equals signs.
    least, most
        Between which numbers make sense.
    example
        A number, for messages.

    Raises
    ------
    UsageError
        If one cannot be read, is too small, too large or not finite, or a class has two.

    Examples
    --------
    >>> parsed("--diameter", ["ribosome=300", "apo-ferritin=120"], least=1)
    {'ribosome': 300.0, 'apo-ferritin': 120.0}
    >>> parsed("--diameter", ["300"], least=1)
    {None: 300.0}
    """
    found: dict[str | None, float] = {}
    named = f"ribosome={example}"
    for text in texts:
        name, equals, number = text.rpartition("=")
        kind = name.strip() if equals else None
        if kind == "":
            raise UsageError(f"{option} {text}: the class has no name. Give it as {named}.")
        if kind in found:
            whose = "a number" if kind is None else f"that of {kind}"
            raise UsageError(f"{option} {text}: {whose} was given before.")
        value = _number(f"{option} {text}", number, f"{example} or {named}")
        if not least <= value <= most:
            allowed = f"from {least:g} on" if most == inf else f"from {least:g} to {most:g}"
            raise UsageError(f"{option} {text}: give a number {allowed}.")
        found[kind] = value
    if None in found and len(found) > 1:
        raise UsageError(
            f"{option}: {found[None]:g} has no class, others have one. Give each as {named}."
        )
    return found


def of_any_class(numbers: ByClass) -> float | dict[str, float] | None:
    """Return one number for all classes, or those of some by name; None if none was given."""
    if None in numbers:
        return numbers[None]
    return {str(name): number for name, number in numbers.items()} or None


def of_one_kind(option: str, numbers: ByClass, *, what_happens: str = "learned") -> float:
    """Return the number of micrographs, whose particles are of one kind.

    Parameters
    ----------
    option
        Its name, for messages.
    numbers
        Of `parsed`.
    what_happens
        To the particles, for messages.

    Raises
    ------
    UsageError
        If classes are named.
    """
    if None not in numbers:
        raise UsageError(
            f"{option}: IMAGES are micrographs, of whose particles one kind is {what_happens}. "
            "Give a number without a class."
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


def _number(given: str, number: str, examples: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise UsageError(f"{given}: {number!r} is no number. Give one, such as {examples}.")
    return value
