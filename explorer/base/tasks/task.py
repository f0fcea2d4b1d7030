"""A piece of work as those see it who wait for it."""

import logging
import time
from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, TypeVar

from explorer.base import language
from explorer.base.language import _
from explorer.base.tasks.process import Broken, Process
from explorer.base.tasks.records import Client, Ending, Output, Overrun, Refused, Work
from explorer.base.units import size

Value = TypeVar("Value")

log = logging.getLogger(__name__)


class Task(Generic[Value]):
    """One piece of work: its place in the queue, how far it is, and how it ended.

    A pool makes it and starts it. Everyone may watch and stop it; what comes of it is there for
    all who hold it, and gone with the last of them.
    """

    def __init__(self, work: Work, finish: Callable[[Output], Value], client: Client) -> None:
        self.client = client
        self.done, self.total = 0, 0
        self.ending: Ending | None = None  # None: it waits, or is worked on
        self.bytes = len(work.content)
        self.limits = work.limits
        self._work: Work | None = work  # let go when it is done
        self._finish = finish
        self._language = language.current()
        self._value: Value | None = None
        self._sentence = ""
        self._asked = time.monotonic()
        self._began: float | None = None
        self._ended = Event()
        self._process: Process | None = None
        self._finishing = False  # the process has done its part, and it is too late to stop
        self._lock = Lock()

    # -- for those who watch ------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._ended.is_set()

    @property
    def waiting(self) -> bool:
        """Whether its turn has not come yet."""
        return self._began is None and not self.finished

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return self.ending is Ending.STOPPED

    @property
    def age(self) -> float:
        """Seconds since it was asked for."""
        return time.monotonic() - self._asked

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, at most so long; whether it has ended."""
        return self._ended.wait(seconds)

    def result(self) -> Value:
        """What the work has given, once it is finished.

        Raises:
            Refused: it ended otherwise; the sentence says how.
        """
        self.wait()
        if self.ending is not Ending.DONE:
            raise Refused(self.sentence)
        assert self._value is not None
        return self._value

    @property
    def seconds_left(self) -> float | None:
        """Seconds until it is done, at the rate so far; None while there is none to go by."""
        if not self.done or self._began is None:
            return None
        return (self.total - self.done) * (time.monotonic() - self._began) / self.done

    @property
    def most_seconds_left(self) -> float:
        """Seconds after which it is ended, if it is not done before."""
        since = 0.0 if self._began is None else time.monotonic() - self._began
        return max(self.limits.wall_seconds - since, 0.0)

    @property
    def sentence(self) -> str:
        """How it ended, if not well, in the language of who asks."""
        match self.ending:
            case Ending.REFUSED:
                return self._sentence
            case Ending.STOPPED:
                return _("That was stopped; nothing is kept.")
            case Ending.CPU | Ending.WALL:
                return _(
                    "Reading this file took longer than {n} s, and was ended. Save it anew, "
                    "or make it smaller."
                ).format(n=max(round(self._seconds()), 1))
            case Ending.MEMORY | Ending.OUTPUT:
                return _(
                    "Reading this file took more than {most} of memory, and was ended. "
                    "Save it anew, or make it smaller."
                ).format(most=size(self.limits.memory_bytes))
            case Ending.BROKEN:
                return _("That went wrong, and it is our mistake. The server's log says why.")
        return ""

    def _seconds(self) -> float:
        wall = self.ending is Ending.WALL
        return self.limits.wall_seconds if wall else self.limits.cpu_seconds

    def stop(self) -> None:
        """End it at once: a process in the middle of a picture, too."""
        with self._lock:
            if self.ending is not None or self._finishing:
                return
            self.ending = Ending.STOPPED
            if self._process:
                self._process.end()
            elif self._began is None:
                self._close()

    # -- for its pool -------------------------------------------------------------------------

    def begin(self) -> None:
        """Its turn has come."""
        self._began = time.monotonic()

    def fail(self, why: str) -> None:
        """It cannot be worked on, by a fault of this server: `why`, for its log."""
        log.warning("a task could not begin: %s", why)
        with self._lock:
            self.ending = self.ending or Ending.BROKEN
            self._close()

    def run(self, take: Callable[[], Process]) -> None:
        """Do the work in a process from `take`; whatever happens, it ends, and says how."""
        try:
            ending = self._run(take)
        except Refused as refused:
            self._sentence, ending = str(refused), Ending.REFUSED
        except Overrun as overrun:
            ending = overrun.ending
        except Broken as broken:
            ending = Ending.BROKEN
            if not self.stopped:
                log.warning("a task failed: %s", broken)
        except Exception:
            log.exception("a task failed")
            ending = Ending.BROKEN
        with self._lock:
            self.ending = self.ending or ending
            self._close()

    def _run(self, take: Callable[[], Process]) -> Ending:
        work = self._work
        if work is None:  # stopped before it began
            return Ending.STOPPED
        process = take()
        with self._lock:
            self._process = process
        if self.stopped:
            process.end()
        output = process.run(work, self._language, self._tell)
        with self._lock:
            if self.stopped:
                return Ending.STOPPED
            self._finishing = True
        with language.served(self._language):
            self._value = self._finish(output)
        return Ending.DONE

    def _tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def _close(self) -> None:
        """Let go of what was given."""
        self._work = None
        self._process = None
        self._ended.set()
