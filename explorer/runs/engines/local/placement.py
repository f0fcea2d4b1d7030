"""Which of several idle devices takes a run that waits for any of their kind: the emptiest one.

Each host measures its own device, and no oftener than there is such a choice: on a GPU the
measuring alone takes memory. The hosts tell each other through the store.
"""

import time

from explorer.runs import store
from explorer.runs.engines.local import processes
from explorer.runs.records import kind_of
from explorer.runs.engines.local.workers import WorkerProcess

PATIENCE = 15.0  # seconds for the others to measure: a worker that has just begun imports torch


class Placement:
    """The view of the host `known` of one device."""

    def __init__(self, device: str, known: str) -> None:
        self._device, self._known = device, known
        self._since: float | None = None  # when there began to be a choice

    def is_here(self, spare: WorkerProcess) -> bool:
        """Whether this device is to take what waits for it first; `spare` measures it."""
        room = self._room()
        if len(room) < 2:
            self._since = None
            return True
        self._since = self._since or time.monotonic()
        if room.get(self._device) is None and (free := spare.free_memory()) is not None:
            processes.measured(self._known, free)
            room[self._device] = free
        measured = {name: free for name, free in room.items() if free is not None}
        if len(measured) < len(room) and time.monotonic() - self._since < PATIENCE:
            return False
        most = max(measured.values(), default=0)
        emptiest = [name for name, free in measured.items() if free == most]
        return min(emptiest, default=self._device) == self._device

    def _room(self) -> dict[str, int | None]:
        """Bytes free on each device that may take what is first here (see `processes.room`)."""
        kind = kind_of(self._device)
        if kind == self._device or store.first_queue(self._device) != kind:
            return {}
        return processes.room(kind)
