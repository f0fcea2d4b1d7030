"""Runs on this machine: a warm host process for each device, a worker process for each run."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from explorer.base.reasons import Reason
from explorer.runs import process, store
from explorer.runs.engines.local import processes
from explorer.runs.records import Request, Run, takers

if TYPE_CHECKING:
    from explorer.base.device import Device

_CPU = "cpu"  # always there: nothing else is asked for, nor torch imported, which takes seconds


class Local:
    """The engine that is always there."""

    def devices(self) -> "Sequence[Device]":
        """Those that torch finds; the CPU is the last."""
        from explorer.base import device  # brings torch

        return device.available()

    def resolve(self, name: str) -> str:
        """Of several devices of the best kind, "auto" takes the first that trains nothing, of
        several such the one with most memory free; so does the kind's own name."""
        from explorer.base import device  # brings torch

        first = device.named(name)
        return first.name if name.strip().lower() == first.name else first.kind

    def watch(self, name: str) -> None:
        """Warm the device's host up, and keep it until this process ends."""
        if name != _CPU:
            from explorer.base import device  # brings torch

            name = device.named(name).name
        processes.watch()
        processes.wake(name)

    def submit(self, run: Run) -> None:
        """Wake the hosts of all devices that may take the run; the queue is the store itself."""
        for name in _serving(run.device):
            processes.wake(name)

    def ask(self, run: Run, request: Request) -> bool:
        """Write it where the run's worker looks several times a second."""
        return store.request(run.id, request)

    def lost(self, runs: Sequence[Run]) -> Mapping[int, Reason]:
        """Runs whose worker has ended while no host was there to notice (it knows more)."""
        return {
            run.id: Reason("lost")
            for run in runs
            if not process.alive(run.worker) and not process.alive(processes.host(run.device))
        }


@lru_cache(maxsize=64)  # asked every second for each run that waits; devices stay as they are
def _serving(queue: str) -> Sequence[str]:
    names = (_CPU,) if queue == _CPU else (each.name for each in Local().devices())
    return takers(names, queue) or (queue,)
