"""Turns at computing: no more at once than there are cores, and pages before background work.

More at once are no faster, hold more memory, and leave nothing for everybody else's pages. A page
that computes while it runs asks for a `turn`; tasks that outlast it have theirs in the
`background`, and give way whenever a page waits.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, local

MOST = max(2, os.cpu_count() or 2)


class _Slots:
    def __init__(self) -> None:
        self.free = MOST
        self.pages = 0  # that wait for one
        self._changed = Condition()

    def take(self, seconds: float | None, *, page: bool) -> bool:
        """Whether there was one within so many seconds."""
        with self._changed:
            self.pages += page
            try:
                was_free = self._changed.wait_for(
                    lambda: self.free > 0 and (page or not self.pages), seconds
                )
                self.free -= was_free
                return was_free
            finally:
                self.pages -= page
                self._changed.notify_all()

    def give(self) -> None:
        """Give one back."""
        with self._changed:
            self.free += 1
            self._changed.notify_all()


_slots = _Slots()
_here = local()  # what this thread does


@contextmanager
def turn(seconds: float | None = 0.0) -> Iterator[bool]:
    """Whether a turn was free within so many `seconds` (None: however long that takes); it is
    given back at the end. Whoever has one must not ask for another."""
    was_free = _slots.take(None if seconds is None else max(seconds, 0.0), page=True)
    try:
        yield was_free
    finally:
        if was_free:
            _slots.give()


@contextmanager
def background() -> Iterator[None]:
    """A turn for work that no page's run waits for, however long it takes to get one."""
    _slots.take(None, page=False)
    _here.background = True
    try:
        yield
    finally:
        _here.background = False
        _slots.give()


def give_way() -> None:
    """In a turn in the background: let pages that wait go first."""
    if _slots.pages and getattr(_here, "background", False):
        _slots.give()
        _slots.take(None, page=False)
