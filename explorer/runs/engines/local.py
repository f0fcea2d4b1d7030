"""Runs on this machine: a warm host process for each device, a worker process for each run."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from explorer.base.reasons import Reason
from explorer.runs import process, processes, store
from explorer.runs.records import Request, Run


class Local:
    """The engine that is always there."""

    def devices(self) -> Sequence[str]:
        """Torch's names: "cuda:0", "cpu" …"""
        from explorer.base import device  # brings torch, which a host does not need

        return [each.name for each in device.available()]

    def submit(self, run: Run) -> None:
        """Wake the hosts of all devices that may take the run; the queue is the store itself."""
        for name in _serving(run.device):
            processes.wake(name)

    def ask(self, run: Run, wish: Request) -> bool:
        """Write the wish where the run's worker looks several times a second."""
        return store.request(run.id, wish)

    def look(self, runs: Sequence[Run]) -> Mapping[int, Reason]:
        """Runs whose worker has ended while no host was there to notice (it knows more)."""
        return {
            run.id: Reason("lost")
            for run in runs
            if not process.alive(run.worker) and not processes.host_lives(run.device)
        }


@lru_cache(maxsize=64)  # asked every second for each run that waits; devices stay as they are
def _serving(queue: str) -> tuple[str, ...]:
    if queue == "cpu":
        return (queue,)
    from explorer.base import device  # brings torch

    return device.serving(queue)
