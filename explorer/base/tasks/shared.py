"""Tasks that everybody has in common who asks for the same."""

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from explorer.base.cache import SizedCache
from explorer.base.tasks.pool import Pool
from explorer.base.tasks.records import UNKNOWN, Client, Ending
from explorer.base.tasks.task import PATIENCE, Steps, Task

Value = TypeVar("Value")


class SharedTasks(Generic[Value]):
    """Tasks by what they do. With their results they are kept for those who ask later, as many as
    fit; whoever holds one has its result however much others ask for meanwhile."""

    def __init__(self, pool: Pool, most_bytes: int, patience: float = PATIENCE) -> None:
        self.pool, self.patience = pool, patience
        self._kept: SizedCache[Task[Value]] = SizedCache(most_bytes, lambda task: task.nbytes)
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

        task = self._kept.get(key, make)
        self._held[key] = task
        return task

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()
            self._held.clear()
