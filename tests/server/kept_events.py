"""Events that the page would be told."""

from nunatak.server.bodies.events import Event


class Events:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Event] = []

    def publish(self, event: Event) -> None:
        """Take an event."""
        self.told.append(event)
