"""Long work in slices: whoever looks at its progress drives it on, and all share what it finds.

Nobody's page waits for more than a slice. Work that nobody looks at any more stands still; who
asks for the same goes on with it, or finds it done.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from explorer.base import compute_slots

SLICE = 0.2  # seconds of work in one run of a page
PATIENCE = 2.0  # seconds that a page waits for a first result, while others are served


class Progress(Protocol):
    """What the work tells after each step."""

    @property
    def done(self) -> bool:
        """Whether it is over."""


T = TypeVar("T", bound=Progress)


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
        """Take steps from the latest on for about so long; at once over while others are served.

        Before the first result a page has nothing else to show, and waits for it a while. Who
        finds it there after waiting takes no steps of its own.
        """
        first = self.latest is None
        end = time.monotonic() + (PATIENCE if first else 0.0)
        if self.done or not self._lock.acquire(timeout=PATIENCE if first else 0.0):
            return
        try:
            if self.done or (first and self.latest is not None):
                return
            with compute_slots.turn(end - time.monotonic()) as taken:
                if taken:
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
