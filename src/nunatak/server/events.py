"""Tells every open page what changes, whoever changes it.

The database is what all processes share: the server, its workers, and perhaps a second server.
Each change leaves a line in the table of changes, and a watcher looks every half second whether
there are new ones. What is in no table, such as the progress of a run, is published directly.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator

from nunatak.errors import NunatakError
from nunatak.server.bodies.events import Event
from nunatak.workspace.changes import Change, changes_since, last_number
from nunatak.workspace.connection import Workspace

SECONDS_BETWEEN_LOOKS = 0.5
MOST_WAITING = 2_000
"""Of different events for one page; it is then cut off, connects again and reads all anew."""

_log = logging.getLogger(__name__)


class Listener:
    """One open page: takes events from any thread, and hands them out in the server's loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Event, None] = {}
        self._arrived = asyncio.Event()
        self._has_ended = False

    def tell(self, event: Event | None) -> None:
        """Add an event, or None for the end; an event that waits already is not added twice."""
        try:
            self._loop.call_soon_threadsafe(self._take, event)
        except RuntimeError:  # the loop has been closed since: nobody listens
            self._has_ended = True

    def _take(self, event: Event | None) -> None:
        if event is None or len(self._waiting) >= MOST_WAITING:
            self._has_ended = True
        else:
            self._waiting[event] = None
        self._arrived.set()

    async def events(self, patience_s: float) -> AsyncIterator[Event | None]:
        """Yield events as they come, and None after so long without one, until the end."""
        while not self._has_ended:
            try:
                async with asyncio.timeout(patience_s):
                    await self._arrived.wait()
            except TimeoutError:
                yield None
                continue
            self._arrived.clear()
            waiting, self._waiting = self._waiting, {}
            for event in waiting:
                yield event


class EventHub:
    """Passes events on to all listeners. Safe to use from every thread."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def publish(self, event: Event) -> None:
        """Tell all listeners."""
        with self._lock:
            for listener in self._listeners:
                listener.tell(event)

    def join(self) -> Listener:
        """Return a new listener, of the event loop that runs here."""
        listener = Listener()
        with self._lock:
            self._listeners.add(listener)
            if self._is_closed:
                listener.tell(None)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        with self._lock:
            self._listeners.discard(listener)

    def cut_off(self) -> None:
        """End all streams: pages connect again, and read everything anew."""
        with self._lock:
            for listener in self._listeners:
                listener.tell(None)

    def close(self) -> None:
        """End all streams for good."""
        with self._lock:
            self._is_closed = True
        self.cut_off()

    @property
    def n_listeners(self) -> int:
        """How many pages listen."""
        return len(self._listeners)


class DatabaseWatcher:
    """Publishes what changes in the database, in a thread of its own.

    Parameters
    ----------
    workspace
        The project.
    events
        Who is told.
    """

    def __init__(self, workspace: Workspace, events: EventHub) -> None:
        self._workspace = workspace
        self._events = events
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="database watcher", daemon=True)
        self._seen = last_number(workspace)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        was_well = True
        while not self._stop.wait(SECONDS_BETWEEN_LOOKS):
            try:
                changes = changes_since(self._workspace, self._seen)
                if not changes:
                    self._look_for_backup()
            except NunatakError as error:
                # The disk may be away for a while; all changes are still told when it is back.
                if was_well:
                    _log.warning("Cannot look for changes of the project: %s", error)
                was_well = False
                continue
            except Exception:
                # Without this thread no page would be told of anything any more.
                if was_well:
                    _log.exception("Cannot look for changes of the project")
                was_well = False
                continue
            was_well = True
            for change in changes:
                self._events.publish(_told(change))
                self._seen = change.number

    def _look_for_backup(self) -> None:
        last = last_number(self._workspace)
        if last < self._seen:
            # A backup was put in place: what pages show may be another state of the project.
            self._seen = last
            self._events.cut_off()


def _told(change: Change) -> Event:
    return Event.model_validate(change.model_dump(exclude={"number"}))
