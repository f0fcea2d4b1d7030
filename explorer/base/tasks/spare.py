"""One process always ready to be given work: it has started and imported before it is needed."""

import atexit
from contextlib import suppress
from threading import Lock, Thread

from explorer.base.tasks.process import Process


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
            process, self._ready = self._living(), None
        with suppress(RuntimeError):  # the system gives no more threads: the next has to wait
            Thread(target=self.prepare, name="spare process", daemon=True).start()
        return process or Process(self._modules)

    def prepare(self) -> None:
        """See that one is ready, if the system gives one; else the next work begins without."""
        with self._lock, suppress(RuntimeError, OSError):
            self._ready = self._living() or Process(self._modules)

    def _living(self) -> Process | None:
        """The one that waits, unless it has died meanwhile."""
        if self._ready and not self._ready.alive:
            self._ready.close()
            return None
        return self._ready

    def close(self) -> None:
        """End the one that waits."""
        with self._lock:
            if self._ready:
                self._ready.close()
            self._ready = None
