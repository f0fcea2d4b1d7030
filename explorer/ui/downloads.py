"""What visitors may have brought here from the web; `visitor` says who, and begins and stops it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer.base.tasks import Client, Pool, Progress, SharedTasks, Task
from explorer.data import datasets
from explorer.data.datasets.records import DataSet
from explorer.weights import published

TASKS: SharedTasks[str] = SharedTasks(Pool(at_once=16), most_bytes=10**6, patience=math.inf)


@dataclass(frozen=True)
class Download:
    """Something on the web that visitors may have brought here: once for all, in one task."""

    key: str  # the task's
    size: int  # bytes
    fetch: Callable[[Progress], object]

    @property
    def task(self) -> Task[str] | None:
        """The one that is going on, or the last one; its client is whoever began it."""
        return TASKS.get(self.key)

    @property
    def going(self) -> bool:
        """Whether it is on its way."""
        return self.task is not None and not self.task.finished

    def begin(self, owner: str) -> None:
        """Bring it here, for whoever asks first; nothing is lost with a closed tab."""

        def steps(task: Task[str]) -> Iterator[str]:
            self.fetch(task.tell)
            yield self.key

        task = TASKS.ask(self.key, steps, client=Client(owner), anew=True)
        task.total = task.total or self.size  # as long as it has not told more

    def stop(self) -> None:
        """End it for all; what was half done is cleaned away."""
        if self.task:
            self.task.stop()


def to_come() -> int:
    """Bytes that all that is going on has yet to bring, as far as that is known."""
    return sum(max(task.total - task.done, 0) for task in TASKS.pool.tasks)


def of_data(facts: DataSet) -> Download:
    """A data set."""
    return Download(
        f"download {facts.name}",
        facts.download_bytes,
        lambda progress: datasets.fetch(facts.name, progress),
    )


def of_weights(network: str) -> Download:
    """The weights that torchvision publishes for a network."""
    return Download(
        f"weights of {network}",
        published.size(network),
        lambda progress: published.fetch(network, progress),
    )
