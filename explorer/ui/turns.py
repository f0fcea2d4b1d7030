"""Turns at computing, for pages that do it while they run: no more at once than there are cores.

More at once are no faster, hold more memory, and leave nothing for everybody else's pages.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

MOST = max(2, os.cpu_count() or 2)

_free = BoundedSemaphore(MOST)


@contextmanager
def turn(seconds: float = 0.0) -> Iterator[bool]:
    """Whether a turn was free within so many `seconds`; it is given back at the end."""
    taken = _free.acquire(timeout=max(seconds, 0.0))
    try:
        yield taken
    finally:
        if taken:
            _free.release()
