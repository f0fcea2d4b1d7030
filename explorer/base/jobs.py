"""Downloads, each in a thread of its own: watched by anyone, stopped from whichever thread."""

import time
from collections.abc import Callable
from threading import Lock, Thread

from explorer.base import reasons
from explorer.base.reasons import NO_REASON, Reason
from explorer.base.tasks import Progress

Work = Callable[[Progress], str]


class _Cancelled(Exception):
    """Raised where progress is told, to leave the work from within."""


class Job:
    """One piece of work: how far it is, and how it ended.

    `owner` is whoever asked for it first, see `access.Visitor`; `total` what is known before it
    begins of how much it is, in bytes or pictures.
    """

    def __init__(self, work: Work, owner: str = "", total: int = 0) -> None:
        self.owner = owner
        self.done, self.total = 0, total
        self.result = ""  # what the work gave
        self.reason = NO_REASON  # why it failed, if it did
        self.finished = False  # in whatever way
        self._cancelled = False
        self._began = time.monotonic()
        # The work is the thread's alone: an upload that it holds is let go with it.
        Thread(target=self._run, args=(work,), daemon=True).start()

    def _run(self, work: Work) -> None:
        try:
            self.result = work(self._tell)
        except _Cancelled:
            pass
        except ValueError as error:
            self.reason = reasons.of(error)
        finally:
            if not (self.result or self.reason or self._cancelled):
                self.reason = Reason("our_mistake")
            self.finished = True

    def _tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._cancelled:
            raise _Cancelled

    def cancel(self) -> None:
        """Stop, within moments; what was half done is cleaned away."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether somebody has stopped it."""
        return self._cancelled

    @property
    def rate(self) -> float:
        """Bytes or pictures a second, so far."""
        return self.done / max(time.monotonic() - self._began, 1e-3)

    @property
    def seconds_left(self) -> float | None:
        """At that rate; None while there is none to go by."""
        return (self.total - self.done) / self.rate if self.done else None


_jobs: dict[str, Job] = {}
_lock = Lock()


def start(key: str, work: Work, owner: str = "", total: int = 0) -> Job:
    """Begin the work called `key`, or join it where it is already going on."""
    with _lock:
        going = _jobs.get(key)
        if going is None or going.finished:
            _jobs[key] = going = Job(work, owner, total)
        return going


def get(key: str) -> Job | None:
    """The work called `key`, going on or ended; None if there was none, or it was put away."""
    return _jobs.get(key)


def to_come() -> int:
    """What all that is going on has yet to bring, as far as that is known."""
    with _lock:
        return sum(max(job.total - job.done, 0) for job in _jobs.values() if not job.finished)


def put_away(key: str) -> None:
    """Forget how it ended."""
    with _lock:
        _jobs.pop(key, None)
