"""Several pieces of work at once, and the queue before them, fair to every visitor."""

from collections.abc import Callable
from itertools import count
from threading import Lock, Thread
from typing import Any, TypeVar

from explorer.language import _
from explorer.tasks.records import Output, Refused, Work
from explorer.tasks.spare import Spare
from explorer.tasks.task import Task
from explorer.units import size

Value = TypeVar("Value")


class Pool:
    """At most `at_once` tasks at a time, of each visitor one.

    Those that wait are taken in turns: next is the visitor whose last turn is longest ago. Their
    number and the bytes that they hold are bounded.
    """

    def __init__(
        self, spare: Spare, *, at_once: int, most: int, most_each: int, most_bytes: int
    ) -> None:
        self._spare = spare
        self._at_once = at_once
        self._most, self._most_each = most, most_each
        self._most_bytes = most_bytes
        self._waiting: list[Task[Any]] = []  # in the order in which they came
        self._running: list[Task[Any]] = []
        self._turns = count(1)
        self._last_turn: dict[str, int] = {}  # of the visitors that are here
        self._lock = Lock()

    def start(self, work: Work, finish: Callable[[Output], Value], visitor: str) -> Task[Value]:
        """Queue the work of this visitor. `finish` makes what is wanted of the process's output.

        Raises:
            Refused: too much is waiting already, of this visitor or of all.
        """
        task = Task(work, finish, visitor)
        with self._lock:
            self._sweep()
            self._check(task)
            self._waiting.append(task)
            self._fill()
        return task

    def position(self, task: Task[Any]) -> int:
        """How many come before it, at most, and itself: 1 is next; 0 if it does not wait."""
        with self._lock:
            self._sweep()
            order = self._order(self._waiting)
        return order.index(task) + 1 if task in order else 0

    def _check(self, task: Task[Any]) -> None:
        here = [*self._waiting, *self._running]
        own = sum(each.visitor == task.visitor for each in here)
        if own >= self._most_each:
            raise Refused(
                _(
                    "{n} of your files are being read, or wait for it; at most {most} are taken "
                    "at once. Wait for one of them, or stop it."
                ).format(n=own, most=self._most_each)
            )
        total = sum(each.bytes for each in here)
        if len(here) >= self._most or total + task.bytes > max(self._most_bytes, task.bytes):
            raise Refused(
                _(
                    "{n} files of {size} in all are being read, or wait for it; this server takes "
                    "no more at once. Try again in a minute."
                ).format(n=len(here), size=size(total))
            )

    # -- whose turn it is ---------------------------------------------------------------------

    def _order(self, tasks: list[Task[Any]]) -> list[Task[Any]]:
        """As their turns come; a visitor's second task comes after the others' first."""
        placed: dict[str, int] = {}
        keys = []
        for number, task in enumerate(tasks):
            before = placed.get(task.visitor, 0)
            placed[task.visitor] = before + 1
            keys.append((before, self._last_turn.get(task.visitor, 0), number))
        return [task for _key, task in sorted(zip(keys, tasks, strict=True), key=lambda p: p[0])]

    def _fill(self) -> None:
        """Begin as many as may be worked on."""
        while len(self._running) < self._at_once:
            busy = {task.visitor for task in self._running}
            ready = [task for task in self._order(self._waiting) if task.visitor not in busy]
            if not ready:
                return
            self._begin(ready[0])

    def _begin(self, task: Task[Any]) -> None:
        self._waiting.remove(task)
        self._running.append(task)
        self._last_turn[task.visitor] = next(self._turns)
        task.begin()
        try:
            Thread(target=self._work, args=(task,), name="task", daemon=True).start()
        except RuntimeError as error:  # the system gives no more threads
            self._running.remove(task)
            task.fail(str(error))

    def _work(self, task: Task[Any]) -> None:
        try:
            task.run(self._spare.take)
        finally:
            with self._lock:
                self._running.remove(task)
                self._sweep()
                self._fill()

    def _sweep(self) -> None:
        """Forget those who were stopped while they waited, and visitors who wait for nothing."""
        self._waiting = [task for task in self._waiting if not task.finished]
        here = {task.visitor for task in (*self._waiting, *self._running)}
        self._last_turn = {name: turn for name, turn in self._last_turn.items() if name in here}
