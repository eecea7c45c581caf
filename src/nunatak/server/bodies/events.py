"""What the server tells the page without being asked."""

from nunatak.server.bodies.base import Body
from nunatak.workspace.changes import About


class Event(Body):
    """Something changed; the page asks again for what it shows of it.

    Attributes
    ----------
    about : str
        ``project``, ``queue``, ``labels`` (of one image), ``picks`` (of one set, perhaps on one
        image only) or ``run``.
    id : int or None
        Of the image, the set or the run.
    image : int or None
        Of ``picks``: where.
    version : int or None
        Of ``labels`` and ``project``: the new one.
    """

    about: About
    id: int | None = None
    image: int | None = None
    version: int | None = None
