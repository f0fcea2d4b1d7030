"""Work that takes a while and that a page waits for: bounded, shared, and given up with the page.

A few threads do it for all visitors, first come, first served. Who asks for the same gets the same
work. It goes on as long as somebody asks for it again every few seconds: whoever stops, leaves or
chooses something else simply asks no more.

Results are kept for those who ask later, as many as fit. Whoever waited has them from the work
itself: however much others compute meanwhile, nobody's results are gone before they are seen.
"""

import logging
import os
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from weakref import WeakValueDictionary

from torch import Tensor

from explorer.base.cache import SizedCache
from explorer.base.language import _
from explorer.inside.attribution import Deletion, Progress

PATIENCE = 15.0  # seconds after which nobody is thought to wait any more
MOST_BYTES = 120_000_000  # of all results that are kept

Result = Tensor | tuple[Deletion, ...]


@dataclass(frozen=True)
class Piece:
    """A part of the work, whose result is kept by itself."""

    name: str
    key: Hashable  # equal for equal results
    passes: int  # roughly, forward passes: its share in the time
    make: Callable[[Progress], Result] = field(compare=False)


def _nbytes(result: Result) -> int:
    if isinstance(result, Tensor):
        return result.nbytes
    return sum(each.fraction.nbytes + each.probability.nbytes for each in result)


_cache: SizedCache[Result] = SizedCache(MOST_BYTES, _nbytes)
_threads = ThreadPoolExecutor(max(2, os.cpu_count() or 2), thread_name_prefix="why")
_works: WeakValueDictionary[Hashable, "Work"] = WeakValueDictionary()  # kept by who waits for them
_lock = Lock()
_log = logging.getLogger(__name__)


class _NobodyWaits(Exception):
    """Raised where progress is told, to leave the work from within."""


class Work:
    """Several pieces, done one after the other."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = tuple(pieces)
        self.found: dict[str, Result] = {}
        self.errors: dict[str, str] = {}  # a sentence for each piece that failed
        self.now = ""  # the name of the piece that is being done
        self.done, self.total = 0.0, sum(piece.passes for piece in pieces)  # passes
        self.began: float | None = None  # None while others are served
        self.given_up = False  # since nobody waited; what has been found by then is there
        self._finished = Event()
        self._asked = time.monotonic()

    @property
    def key(self) -> Hashable:
        """Equal for works that do the same."""
        return _key(self.pieces)

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self._finished.is_set()

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None while there is none to go by."""
        if self.began is None or not self.done:
            return None
        return (self.total - self.done) * (time.monotonic() - self.began) / self.done

    def wait(self, seconds: float) -> bool:
        """Whether it has finished, at the latest after so many `seconds`."""
        self._asked = time.monotonic()
        return self._finished.wait(seconds)

    def run(self) -> None:
        """Do it, in whatever thread calls this."""
        self.began = time.monotonic()
        went_well = False
        try:
            for piece in self.pieces:
                self._do(piece)
            went_well = True
        except _NobodyWaits:
            went_well = self.given_up = True
        finally:
            if not went_well:
                self.errors[self.now] = _(
                    "That went wrong, and it is our mistake. The server's log says why."
                )
            self._finished.set()

    def _do(self, piece: Piece) -> None:
        self.now, before = piece.name, self.done

        def tell(done: int, total: int) -> None:
            self.done = before + piece.passes * done / total
            if time.monotonic() - self._asked > PATIENCE:
                raise _NobodyWaits

        tell(0, 1)
        try:
            self.found[piece.name] = result(piece, tell)
        except ValueError as error:
            self.errors[piece.name] = str(error)
        self.done = before + piece.passes


def _key(pieces: Sequence[Piece]) -> Hashable:
    return tuple(piece.key for piece in pieces)


def ask(pieces: Sequence[Piece], held: Work | None = None) -> Work:
    """The work that does these pieces: the one `held` from before, another visitor's, or a new one.

    Work that was given up is begun anew, and what another visitor's work failed at is tried again.
    """
    if held and held.key == _key(pieces) and not held.given_up:
        work = held
    else:
        with _lock:
            work = _shared(pieces) or _begun(pieces)
    work.wait(0)
    return work


def _shared(pieces: Sequence[Piece]) -> Work | None:
    work = _works.get(_key(pieces))
    return None if work is None or work.given_up or work.errors else work


def _begun(pieces: Sequence[Piece]) -> Work:
    work = _works[_key(pieces)] = Work(pieces)
    _threads.submit(work.run).add_done_callback(_over)
    return work


def _over(served: Future[None]) -> None:
    if served.exception():  # it must not end unseen in a thread
        _log.error("a piece of work failed", exc_info=served.exception())


def result(piece: Piece, tell: Progress) -> Result:
    """What a piece gives: kept, or made now."""
    return _cache.get(piece.key, lambda: piece.make(tell))


def forget() -> None:
    """Let all results go."""
    _cache.clear()
    with _lock:
        _works.clear()
