"""How much disk and time runs take, held against their limits: before one is queued, and while it
trains.

The limits stand in the run's row: whichever process trains it, started by whom and whenever, keeps
to them.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.base import access, storage
from explorer.base.access import RunLimits
from explorer.base.reasons import NO_REASON, Reason
from explorer.runs import artifacts
from explorer.runs.records import Run

if TYPE_CHECKING:
    from explorer.training.recipes import Recipe

EVERY = 1.0  # seconds between two looks at the disk
_COPIES = {"adam": 3, "sgd": 1}  # of the weights, in the state that a run is taken up from
_BYTES = 4  # of a weight


def check(limits: RunLimits, recipe: "Recipe", seconds: float | None) -> None:
    """Whether a run may be queued; `seconds` is what it is thought to take, or has taken.

    Raises:
        Denied: it would take too much.
    """
    access.check_run(limits, recipe.epochs, seconds)
    if limits.run_bytes or limits.all_bytes or limits.free_bytes:
        access.check_room(limits, needed(recipe), used(), free())


def needed(recipe: "Recipe") -> int:
    """Bytes of the files that a run has at least: the weights of one epoch and of the next one,
    which is written before the first gives way, and its state."""
    from explorer.analysis import summary
    from explorer.data import datasets  # bring torch

    facts = datasets.get(recipe.dataset)
    spec, size = recipe.spec(facts.shape[0], len(facts.classes)), recipe.input_size(facts.shape[0])
    parameters = summary.measure(spec, size).totals.parameters
    copies = _COPIES[recipe.optimizer] + bool(recipe.momentum)
    return parameters * _BYTES * (2 + copies)


def used() -> int:
    """Bytes of all runs: their files and their rows."""
    return _bytes(storage.runs_folder())


def free() -> int:
    """Bytes left on the disk that runs are kept on."""
    return storage.free(storage.runs_folder())


def _bytes(place: Path) -> int:
    """What lies in a folder and below it; files may come and go meanwhile, half-written ones
    (their names begin with a dot) not counted."""
    total = 0
    for parent, _folders, names in os.walk(place):
        for name in names:
            with suppress(OSError):
                total += 0 if name.startswith(".") else (Path(parent) / name).stat().st_size
    return total


class Quota:
    """The limits of one run while it trains."""

    def __init__(self, run: Run) -> None:
        self._run, self._next_look = run, 0.0

    def exceeded(self, seconds: float) -> Reason:
        """Why the run has to end here, after so many seconds of training; no reason if it has not.

        The oldest epochs' weights give way before the run does.
        """
        most = self._run.limits
        if most.seconds and seconds >= most.seconds:
            return Reason("seconds_spent", {"seconds": most.seconds})
        if time.monotonic() < self._next_look:
            return NO_REASON
        self._next_look = time.monotonic() + EVERY
        return self._disk()

    def _disk(self) -> Reason:
        most = self._run.limits
        last = [*artifacts.checkpoint_files(self._run.id).values()][-1:]  # the next one's size, too
        if most.run_bytes and (size := trim(self._run, sum(map(_bytes_of, last)))) > most.run_bytes:
            return Reason("run_disk_spent", {"taken": size, "most": most.run_bytes})
        if most.all_bytes and (size := used()) > most.all_bytes:
            return Reason("all_disk_spent", {"taken": size, "most": most.all_bytes})
        if most.free_bytes and (left := free()) < most.free_bytes:
            return Reason("free_disk_spent", {"free": left, "least": most.free_bytes})
        return NO_REASON


def trim(run: Run, reserve: int = 0) -> int:
    """Let the oldest epochs' weights give way to the run's limit, and to `reserve` bytes that may
    come at any moment; the bytes of all its files then."""
    most = run.limits.run_bytes - _bytes_of(artifacts.state_file(run.id)) - reserve
    artifacts.make_room(run.id, most)
    return _bytes(artifacts.folder(run.id))


def _bytes_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
