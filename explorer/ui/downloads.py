"""What visitors may have brought here from the web; `visitor` says who, and begins and stops it."""

from collections.abc import Callable
from dataclasses import dataclass

from explorer.base import jobs
from explorer.base.tasks import Progress
from explorer.data import datasets
from explorer.data.datasets.records import DataSet
from explorer.weights import published


@dataclass(frozen=True)
class Download:
    """Something on the web that visitors may have brought here: once for all, in one job."""

    key: str  # the job's
    size: int  # bytes
    fetch: Callable[[Progress], object]

    @property
    def job(self) -> jobs.Job | None:
        """The one that is going on, or the last one."""
        return jobs.get(self.key)

    @property
    def going(self) -> bool:
        """Whether it is on its way."""
        return self.job is not None and not self.job.finished


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
