"""A piece of work as those see it who wait for it."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from threading import Condition
from typing import Generic, TypeVar

from explorer.base import compute_slots, language, reasons
from explorer.base.language import _
from explorer.base.reasons import NO_REASON
from explorer.base.tasks.process import Broken
from explorer.base.tasks.records import (
    UNKNOWN,
    Client,
    Ending,
    Overrun,
    ProcessLimits,
    Refused,
)
from explorer.base.units import size

Value = TypeVar("Value")
Steps = Callable[["Task[Value]"], Iterator[Value]]

PATIENCE = 15.0  # seconds after which nobody is thought to watch any more
MOMENT = 1.0  # seconds in which others who watch ask again, when one has left
TRY_AGAIN = 30.0  # seconds after which what failed for one may be tried for others

log = logging.getLogger(__name__)


class _Interrupted(Exception):
    """Raised where progress is told, to leave the work from within."""


class _State(Enum):
    """Where a task is; in a pool's thread it may be one alone."""

    NEW = auto()  # nobody has begun it
    WAITING = auto()  # its first turn has not come yet
    BEGUN = auto()  # it has a thread, which may yet wait to compute
    PAUSED = auto()  # between two turns
    OVER = auto()


class Task(Generic[Value]):
    """One piece of work: its place in the queue, how far it is, and how it ended.

    Its steps are a generator of what there is so far; the last is the result. They tell how far
    they are, and may be ended wherever they do; begun again, they go on from `latest`. A pool runs
    them. Everyone may watch and stop it; what comes of it is there for all who hold it.

    With `patience` it goes on only as long as somebody asks for it again every so many seconds.
    """

    def __init__(
        self,
        client: Client = UNKNOWN,
        *,
        nbytes: int = 0,
        patience: float = math.inf,
        limits: ProcessLimits | None = None,
    ) -> None:
        self.client = client
        self.done, self.total = 0, 0
        self.latest: Value | None = None
        self.ending: Ending | None = None  # None: it waits, or is worked on
        self.reason = NO_REASON  # why it was refused
        self.nbytes = nbytes  # that are held while it waits, or kept of its result, about
        self.limits = limits
        self._patience = patience
        self._steps: Steps[Value] | None = None  # let go when they are over
        self._language = ""
        self._last_asked = self._started = time.monotonic()
        self._spent = 0.0  # seconds, in turns that are over
        self._turn: float | None = None  # when this one began
        self._outcome: Ending | None = None  # of the turn: how it ended, if it did
        self._ended = math.inf  # when
        self._state = _State.NEW
        self._interrupt: Callable[[], None] | None = None
        self._too_late = False  # to stop it
        self._changed = Condition()

    # -- for those who watch ------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._state is _State.OVER

    @property
    def idle(self) -> bool:
        """Whether nobody has ever begun it."""
        return self._state is _State.NEW

    @property
    def waiting(self) -> bool:
        """Whether its turn has not come yet."""
        return self._state in (_State.NEW, _State.WAITING)

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return self.ending is Ending.STOPPED

    @property
    def failed(self) -> bool:
        """Whether it ended by itself, and not well; the sentence says how."""
        return self.finished and self.ending not in (Ending.DONE, Ending.STOPPED, Ending.LEFT)

    @property
    def may_try_again(self) -> bool:
        """Whether it failed so long ago that it may go better now."""
        return self.failed and time.monotonic() - self._ended > TRY_AGAIN

    @property
    def age(self) -> float:
        """Seconds since it was asked for."""
        return time.monotonic() - self._started

    def ask(self) -> None:
        """Say that somebody still wants it."""
        self._last_asked = time.monotonic()

    def leave(self) -> None:
        """Want it no more: unless others ask for it within a moment, it ends."""
        self._last_asked = min(self._last_asked, time.monotonic() - self._patience + MOMENT)

    def wait(self, seconds: float | None = None, *, first: bool = False) -> bool:
        """Wait for its end, or its first result, at most so long; whether that is there."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.finished or (first and self.latest is not None), seconds
            )

    def result(self) -> Value:
        """What the work has given, once it is finished.

        Raises:
            Refused: it ended otherwise; the sentence says how.
        """
        self.wait()
        if self.ending is not Ending.DONE:
            raise Refused(self.sentence)
        assert self.latest is not None
        return self.latest

    @property
    def seconds(self) -> float:
        """Seconds of work so far."""
        with self._changed:
            return self._spent + (0.0 if self._turn is None else time.monotonic() - self._turn)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until it is done, at the rate so far; None while there is none to go by."""
        with self._changed:
            return (self.total - self.done) * self.seconds / self.done if self.done else None

    @property
    def most_seconds_left(self) -> float:
        """Seconds after which it is ended, if it is not done before."""
        return max(self.limits.wall_seconds - self.seconds, 0.0) if self.limits else math.inf

    @property
    def sentence(self) -> str:
        """How it ended, if not well, in the language of who asks."""
        match self.ending:
            case Ending.REFUSED:
                return str(self.reason)
            case Ending.STOPPED:
                return _("That was stopped; nothing is kept.")
            case Ending.CPU | Ending.WALL:
                assert self.limits
                wall = self.ending is Ending.WALL
                allowed = self.limits.wall_seconds if wall else self.limits.cpu_seconds
                return _(
                    "Reading this file took longer than {n} s, and was ended. Save it anew, "
                    "or make it smaller."
                ).format(n=max(round(allowed), 1))
            case Ending.MEMORY | Ending.OUTPUT:
                assert self.limits
                return _(
                    "Reading this file took more than {most} of memory, and was ended. "
                    "Save it anew, or make it smaller."
                ).format(most=size(self.limits.memory_bytes))
            case Ending.BROKEN:
                return _("That went wrong, and it is our mistake. The server's log says why.")
        return ""

    def stop(self, ending: Ending = Ending.STOPPED) -> None:
        """End it for all: a process at once, in the middle of a picture, too."""
        with self._changed:
            if self.ending is not None or self._too_late:
                return
            self.ending = ending
            if self._interrupt:
                self._interrupt()
            elif self._state is not _State.BEGUN:
                self._close()

    # -- for the steps ------------------------------------------------------------------------

    def tell(self, done: int, total: int) -> None:
        """How far it is; this is also where it ends, once nobody wants it, and where pages that
        wait for a core go first."""
        with self._changed:
            self.done, self.total = done, total
        if self.stopped or self._is_left():
            raise _Interrupted
        compute_slots.give_way()

    @contextmanager
    def ended_by(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """As long as this is open, `stop` calls `interrupt`; behind it, it is too late to stop."""
        with self._changed:
            self._interrupt = interrupt
        if self.stopped:
            interrupt()
        yield
        with self._changed:
            self._interrupt = None
            if self.stopped:
                raise _Interrupted
            self._too_late = True

    def _is_left(self) -> bool:
        return time.monotonic() - self._last_asked > self._patience

    # -- for its pool -------------------------------------------------------------------------

    def queue(self, steps: Steps[Value]) -> None:
        """From now on it waits for its turn."""
        with self._changed:
            self._steps, self._language = steps, language.current()
            if self.ending is Ending.DONE:
                self.latest = None
            if self.latest is None:  # it begins at its beginning
                self._spent, self.done, self.total = 0.0, 0, 0
            self.ending, self.reason = None, NO_REASON
            self._state, self._too_late = _State.WAITING, False
            self._started = time.monotonic()
            self.ask()

    def begin(self) -> bool:
        """Its turn has come; whether it still wants it."""
        with self._changed:
            if not self.finished:
                self._state = _State.BEGUN
            return not self.finished

    def run(self, seconds: float = math.inf) -> bool:
        """A turn by itself, where no pool has the task; whether it has ended."""
        self.begin()
        self.take_turn(seconds)
        return self.settle()

    def take_turn(self, seconds: float) -> None:
        """Take steps for about so long; whatever happens, `settle` then says how it stands."""
        self._turn = time.monotonic()
        try:
            with language.served(self._language):
                ending = self._advance(self._turn + seconds)
        except _Interrupted:
            ending = Ending.LEFT
        except ValueError as error:  # a sentence for the visitor
            self.reason, ending = reasons.of(error), Ending.REFUSED
        except Overrun as overrun:
            ending = overrun.ending
        except Broken as broken:
            ending = Ending.BROKEN
            if not self.stopped:
                log.warning("a task failed: %s", broken)
        except Exception:
            log.exception("a task failed")
            ending = Ending.BROKEN
        self._outcome = ending

    def settle(self) -> bool:
        """After a turn: whether it has ended. Only now may it be begun again."""
        with self._changed:
            self._spent, self._turn = self.seconds, None
            if self._outcome is None and self.ending is None:
                self._state = _State.PAUSED
                return False
            self.ending = self.ending or self._outcome
            self._close()
            return True

    def _advance(self, until: float) -> Ending | None:
        if self._steps is None or self.stopped:  # before it began
            return Ending.STOPPED
        if self._is_left():
            return Ending.LEFT
        for result in self._steps(self):
            with self._changed:
                self.latest = result
                self._changed.notify_all()
            if time.monotonic() >= until:
                return None
        return Ending.DONE

    def _close(self) -> None:
        """Let go of what was given."""
        self._steps = self._interrupt = None
        self._state, self._ended = _State.OVER, time.monotonic()
        self._changed.notify_all()
