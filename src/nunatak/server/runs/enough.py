"""Whether there are enough labels to learn from."""

from nunatak.picks.counted import counted

LEAST_PARTICLES = 4
"""Fewer teach nothing."""


def too_few(particles: int, images: int) -> str | None:
    """Say what to click before a training makes sense; None if there is enough.

    Parameters
    ----------
    particles
        That are labelled.
    images
        On which they are.

    Examples
    --------
    >>> too_few(0, 0)
    'No particle is labelled yet. Click at least 4 of them; ten on two images are a good start.'
    >>> too_few(10, 2) is None
    True
    """
    if particles >= LEAST_PARTICLES:
        return None
    advice = "ten on two images are a good start."
    if not particles:
        return f"No particle is labelled yet. Click at least {LEAST_PARTICLES} of them; {advice}"
    verb = "is" if particles == 1 else "are"
    return (
        f"Only {counted(particles, 'particle')} on {counted(images, 'image')} {verb} labelled. "
        f"Click at least {LEAST_PARTICLES - particles} more; {advice}"
    )
