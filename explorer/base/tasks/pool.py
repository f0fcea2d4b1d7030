"""Several pieces of work at once, and the queue before them, fair to every network and visitor; and
tasks that everybody has in common who asks for the same.
"""

import atexit
import logging
import math
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import nullcontext
from itertools import count
from threading import Lock, Thread
from typing import Any, Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

from explorer.base import compute_slots, language
from explorer.base.cache import SizedCache
from explorer.base.language import _, ngettext
from explorer.base.tasks.process import Spare
from explorer.base.tasks.records import UNKNOWN, Client, Ending, Output, Refused, Work
from explorer.base.tasks.task import PATIENCE, Steps, Task
from explorer.base.units import size

Value = TypeVar("Value")

MOST_WAITING = 32  # tasks of one visitor, of each of whose pages a few are wanted
LEAVE = 3.0  # seconds that work has to end in when this process does
log = logging.getLogger(__name__)
_pools: "WeakSet[Pool]" = WeakSet()


@atexit.register
def _end() -> None:
    """Threads that compute while the interpreter is taken down would crash it."""
    until = time.monotonic() + LEAVE
    tasks = [task for pool in _pools for task in pool.tasks]
    for task in tasks:
        task.stop()
    for task in tasks:
        task.wait(max(until - time.monotonic(), 0.0))


class Pool:
    """At most `at_once` tasks at a time, each in a thread; those that wait are taken in turns.

    Next is the network address whose last turn is longest ago, and of its visitors the one of whom
    that is true. With `seconds` a turn takes about so long, in one of the turns at computing that
    the pages have too, and what is not done by then waits for another.
    """

    def __init__(self, *, at_once: int, seconds: float = math.inf) -> None:
        self._at_once, self._seconds = at_once, seconds
        self._waiting: list[Task[Any]] = []  # in the order in which they came
        self._running: list[Task[Any]] = []
        self._turns = count(1)
        self._last_turn: dict[Hashable, int] = {}  # of the clients and networks that are here
        self._lock = Lock()
        _pools.add(self)

    def begin(self, task: Task[Value], steps: Steps[Value]) -> None:
        """Have these steps taken, when the task's turn comes."""
        with self._lock:
            self._sweep()
            self._check(task)
            task.queue(steps)
            self._waiting.append(task)
            self._fill()

    @property
    def tasks(self) -> list[Task[Any]]:
        """All that wait or are worked on."""
        with self._lock:
            return [*self._waiting, *self._running]

    def position(self, task: Task[Any]) -> int:
        """How many come before it, at most, and itself: 1 is next; 0 if it does not wait."""
        with self._lock:
            self._sweep()
            order = self._order(self._waiting)
        return order.index(task) + 1 if task in order else 0

    def _check(self, task: Task[Any]) -> None:
        """See that there is room for it: of one visitor's the oldest that waits is left."""
        own = [each for each in self._waiting if each.client == task.client]
        if len(own) >= MOST_WAITING:
            own[0].stop(Ending.LEFT)

    def _may_begin(self, _task: Task[Any]) -> bool:
        return True

    # -- whose turn it is ---------------------------------------------------------------------

    def _order(self, tasks: list[Task[Any]]) -> list[Task[Any]]:
        """As their turns come: in each network those of its visitors, then those of networks."""
        return self._in_turns(
            self._in_turns(tasks, lambda task: task.client), lambda task: task.client.network
        )

    def _in_turns(
        self, tasks: list[Task[Any]], party: Callable[[Task[Any]], Hashable]
    ) -> list[Task[Any]]:
        """A party's second task comes after the others' first."""
        placed: dict[Hashable, int] = {}
        keys = []
        for number, whose in enumerate(map(party, tasks)):
            before = placed.get(whose, 0)
            placed[whose] = before + 1
            keys.append((before, self._last_turn.get(whose, 0), number))
        return [tasks[number] for _before, _turn, number in sorted(keys)]

    def _fill(self) -> None:
        """Begin as many as may be worked on."""
        while len(self._running) < self._at_once:
            ready = next(filter(self._may_begin, self._order(self._waiting)), None)
            if ready is None:
                return
            self._begin(ready)

    def _begin(self, task: Task[Any]) -> None:
        self._waiting.remove(task)
        if not task.begin():  # stopped just now
            return
        self._running.append(task)
        self._last_turn[task.client] = self._last_turn[task.client.network] = next(self._turns)
        try:
            Thread(target=self._work, args=(task,), name="task", daemon=True).start()
        except RuntimeError as error:  # the system gives no more threads
            log.warning("a task could not begin: %s", error)
            self._running.remove(task)
            task.stop(Ending.BROKEN)
            task.settle()

    def _work(self, task: Task[Any]) -> None:
        try:
            with nullcontext() if self._seconds == math.inf else compute_slots.background():
                task.take_turn(self._seconds)
        finally:
            with self._lock:
                self._running.remove(task)
                if not task.settle():
                    self._waiting.append(task)
                self._sweep()
                self._fill()

    def _sweep(self) -> None:
        """Forget those who were stopped while they waited, and visitors who wait for nothing."""
        self._waiting = [task for task in self._waiting if not task.finished]
        clients = {task.client for task in (*self._waiting, *self._running)}
        here = clients | {client.network for client in clients}
        self._last_turn = {each: turn for each, turn in self._last_turn.items() if each in here}


SLICE = 0.2  # seconds
COMPUTING = Pool(at_once=compute_slots.MOST, seconds=SLICE)  # what pages ask of networks


class ProcessPool(Pool):
    """Work in processes; of each visitor one at a time, of each address one place less than all.

    The number of those that wait and the bytes that they hold are bounded, and one address has half
    of either: with a new cookie for every file it is still one.
    """

    def __init__(
        self, spare: Spare, *, at_once: int, most: int, most_each: int, most_bytes: int
    ) -> None:
        super().__init__(at_once=at_once)
        self._spare = spare
        self._most, self._most_each = most, most_each
        self._most_bytes = most_bytes

    def start(
        self, work: Work, finish: Callable[[Output], Value], client: Client = UNKNOWN
    ) -> Task[Value]:
        """Queue the work of this client. `finish` makes what is wanted of the process's output.

        Raises:
            Refused: too much is waiting already, of this visitor, of this address or of all.
        """

        def steps(task: Task[Value]) -> Iterator[Value]:
            process = self._spare.take()
            with task.ended_by(process.end):
                output = process.run(work, language.current(), task.tell)
            yield finish(output)

        task: Task[Value] = Task(client, nbytes=len(work.content), limits=work.limits)
        self.begin(task, steps)
        return task

    def _check(self, task: Task[Any]) -> None:
        here = [*self._waiting, *self._running]
        own = sum(each.client == task.client for each in here)
        if own >= self._most_each:
            message = _(
                "{n} of your files are being read, or wait for it; at most {most} are taken "
                "at once. Wait for one of them, or stop it."
            )
            raise Refused(message.format(n=own, most=self._most_each))
        near = [each for each in here if each.client.network == task.client.network]
        if task.client.address and self._full(near, task, share=2):
            message = ngettext(
                "{n} file of {size} from your network is being read, or waits for it; more is "
                "not taken at once from one network. Try again in a minute.",
                "{n} files of {size} in all from your network are being read, or wait for it; "
                "more are not taken at once from one network. Try again in a minute.",
                len(near),
            )
            raise Refused(message.format(n=len(near), size=size(sum(t.nbytes for t in near))))
        if self._full(here, task):
            message = ngettext(
                "{n} file of {size} is being read, or waits for it; this server takes no more "
                "at once. Try again in a minute.",
                "{n} files of {size} in all are being read, or wait for it; this server takes "
                "no more at once. Try again in a minute.",
                len(here),
            )
            raise Refused(message.format(n=len(here), size=size(sum(t.nbytes for t in here))))

    def _full(self, here: list[Task[Any]], task: Task[Any], share: int = 1) -> bool:
        """Whether `task` has no room beside those in this share of all the room; alone it has."""
        total = sum(each.nbytes for each in here) + task.nbytes
        most = max(self._most_bytes // share, task.nbytes)
        return len(here) >= max(self._most // share, 1) or total > most

    def _may_begin(self, task: Task[Any]) -> bool:
        """A place stays for whoever comes from another address."""
        clients = [each.client for each in self._running]
        near = sum(each.network == task.client.network for each in clients)
        return task.client not in clients and near < max(self._at_once - 1, 1)


class SharedTasks(Generic[Value]):
    """Tasks by what they do. With their results they are kept for those who ask later, as many as
    fit; whoever holds one has its result however much others ask for meanwhile."""

    def __init__(self, pool: Pool, most_bytes: int, patience: float = PATIENCE) -> None:
        self.pool, self.patience = pool, patience
        self._cache: SizedCache[Task[Value]] = SizedCache(most_bytes, lambda task: task.nbytes)
        self._held: WeakValueDictionary[Hashable, Task[Value]] = WeakValueDictionary()
        self._lock = Lock()

    def get(self, key: Hashable) -> Task[Value] | None:
        """The task called `key`: waiting, going on or ended; None if there is none."""
        return self._held.get(key)

    def ask(
        self,
        key: Hashable,
        steps: Steps[Value],
        *,
        client: Client = UNKNOWN,
        nbytes: int = 1000,
        anew: bool = False,
    ) -> Task[Value]:
        """The task called `key`, begun if nobody has, or if it was left, stopped or refused.

        `nbytes` is what its result takes to keep, about. With `anew` it is also begun where it is
        done already.
        """
        with self._lock:
            task = self.find(key, nbytes)
            task.ask()
            if task.idle or (task.finished and (anew or task.ending is not Ending.DONE)):
                task.client = client
                self.pool.begin(task, steps)
        return task

    def find(self, key: Hashable, nbytes: int = 1000) -> Task[Value]:
        """The task called `key`, as far as it is; nobody need have begun it."""

        def make() -> Task[Value]:
            return self._held.get(key) or Task(nbytes=nbytes, patience=self.patience)

        task = self._cache.get(key, make)
        self._held[key] = task
        return task

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._cache.clear()
            self._held.clear()
