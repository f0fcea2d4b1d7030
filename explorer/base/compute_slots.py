"""Turns at computing, for pages that do it while they run: no more at once than there are cores.

More at once are no faster, hold more memory, and leave nothing for everybody else's pages. The
threads of `inside_why_work` stand beside them: what they do outlasts the run of a page, and would
keep pages from their turns for seconds.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

MOST = max(2, os.cpu_count() or 2)

_free = BoundedSemaphore(MOST)


@contextmanager
def turn(seconds: float | None = 0.0) -> Iterator[bool]:
    """Whether a turn was free within so many `seconds` (None: however long that takes); it is
    given back at the end. Whoever has one must not ask for another."""
    taken = _free.acquire(timeout=None if seconds is None else max(seconds, 0.0))
    try:
        yield taken
    finally:
        if taken:
            _free.release()
