"""One process always ready to be given work: it has started and imported before it is needed."""

import atexit
from threading import Lock, Thread

from explorer.tasks.process import Process


class Spare:
    """Hands out processes that have these modules imported; the next one starts meanwhile."""

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._ready: Process | None = None
        self._lock = Lock()
        atexit.register(self.close)

    def take(self) -> Process:
        """A process for one piece of work."""
        with self._lock:
            process, self._ready = self._ready, None
        Thread(target=self.prepare, name="spare process", daemon=True).start()
        return process if process and process.alive else Process(self._modules)

    def prepare(self) -> None:
        """See that one is ready."""
        with self._lock:
            if self._ready is None or not self._ready.alive:
                self._ready = Process(self._modules)

    def close(self) -> None:
        """End the one that waits."""
        with self._lock:
            if self._ready:
                self._ready.close()
            self._ready = None
