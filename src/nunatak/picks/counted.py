"""Numbers with their nouns."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, in the plural but for one.

    Examples
    --------
    >>> counted(1, "pick"), counted(0, "pick"), counted(2, "box", "boxes")
    ('1 pick', '0 picks', '2 boxes')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
