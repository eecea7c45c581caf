"""The order in which images are picked: what the user looks at, then what follows it."""

from collections.abc import Callable, Iterator, Sequence


class ImageQueue:
    """Images that wait, of which the one looked at comes next.

    Parameters
    ----------
    order
        All images, by name, as the user sees them.
    waiting
        Those that are to be picked.
    wanted
        Tells which one the user looks at; None for none.
    may_go_on
        Whether there is still somebody to pick for: asked before each image.
    """

    def __init__(
        self,
        order: Sequence[str],
        waiting: set[str],
        *,
        wanted: Callable[[], str | None],
        may_go_on: Callable[[], bool],
    ) -> None:
        self._order = list(order)
        self._place = {name: index for index, name in enumerate(order)}
        self._waiting = set(waiting)
        self._wanted = wanted
        self._may_go_on = may_go_on

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[str]:
        while self._waiting and self._may_go_on():
            yield self.take()

    def take(self) -> str:
        """Take out the wanted image, or else the next that waits after it, from the top again.

        Raises
        ------
        IndexError
            If none waits.
        """
        start = self._place.get(self._wanted() or "", 0)
        for name in self._order[start:] + self._order[:start]:
            if name in self._waiting:
                self._waiting.remove(name)
                return name
        raise IndexError("no image waits")
