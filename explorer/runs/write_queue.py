"""A thread that writes what a training leaves while the training goes on."""

from collections import deque
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Self

MOST_WAITING = 64  # pieces of work: whoever gives more waits for the oldest


class WriteQueue:
    """Does pieces of work one after the other, in the order in which they were given.

    Once one has failed nothing more is done, and every further call raises what it raised: what
    comes later may rely on what came before.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="write queue")
        self._waiting: deque[Future[None]] = deque()
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, raised: type[BaseException] | None, *_more: object) -> None:
        """All that was given is done; a failure is raised unless another one is on its way."""
        try:
            with suppress(*[Exception] if raised else []):
                self.wait()
        finally:
            self._thread.shutdown()

    @property
    def busy(self) -> bool:
        """Whether it has not yet done all that it was given."""
        return any(not work.done() for work in self._waiting)

    def put(self, work: Callable[[], None]) -> "Future[None]":
        """Have this done after all before it; its future.

        Raises:
            Exception: what an earlier piece of work raised.
        """
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= MOST_WAITING):
            self._waiting.popleft().result()
        self._check()
        self._waiting.append(self._thread.submit(self._do, work))
        return self._waiting[-1]

    def wait(self) -> None:
        """Until all of it is done.

        Raises:
            Exception: what one of them raised.
        """
        while self._waiting:
            self._waiting.popleft().result()
        self._check()

    def done_within(self, seconds: float) -> bool:
        """Wait for all of it, but not longer; whether it is done.

        Raises:
            Exception: what one of them raised.
        """
        unfinished = futures.wait(self._waiting, max(seconds, 0.0)).not_done
        if not unfinished:
            self.wait()
        return not unfinished

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _do(self, work: Callable[[], None]) -> None:
        self._check()
        try:
            work()
        except Exception as error:
            self._failure = error
            raise
