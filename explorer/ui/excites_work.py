"""Long work in slices: whoever looks at its progress drives it on, and all share what it finds.

Nobody's page waits for more than a slice. Work that nobody looks at any more stands still; who
asks for the same goes on with it, or finds it done.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

SLICE = 0.2  # seconds of work in one run of a page


class Progress(Protocol):
    """What the work tells after each step."""

    @property
    def done(self) -> bool:
        """Whether it is over."""


T = TypeVar("T", bound=Progress)

# More slices at once than cores are no faster, and hold more memory.
_turns = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


class Work(Generic[T]):
    """One piece of work: its latest result, and how long it took so far."""

    def __init__(self, nbytes: int) -> None:
        self.latest: T | None = None
        self.seconds = 0.0
        self.nbytes = nbytes  # what its result takes to keep, about
        self._lock = threading.Lock()

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do."""
        return self.latest is not None and self.latest.done

    def advance(self, steps: Callable[[T | None], Iterator[T]], seconds: float = SLICE) -> None:
        """Take steps from the latest on for about so long; at once over if another visitor does.

        Before the first result everyone waits for it: a page has nothing else to show.
        """
        if self.done or not self._lock.acquire(blocking=self.latest is None):
            return
        try:
            with _turns:
                self._advance(steps, seconds)
        finally:
            self._lock.release()

    def _advance(self, steps: Callable[[T | None], Iterator[T]], seconds: float) -> None:
        began = time.monotonic()
        before = self.seconds
        for found in steps(self.latest):
            self.latest = found
            spent = time.monotonic() - began
            self.seconds = before + spent
            if spent >= seconds:
                return
