"""A process that trains one run, writes what comes of it, and ends.

It needs nobody while it works: if its host or the web server dies, it goes on to its run's end.
"""

import dataclasses
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from torch import Tensor

from explorer.base import device, storage
from explorer.data import datasets
from explorer.runs import artifacts, process, quota, session, store
from explorer.runs.database import DiskFullError, StoreError, database, explained
from explorer.runs.protocols import NotMine
from explorer.runs.quota import Quota
from explorer.runs.records import RESUMABLE
from explorer.runs.session import Session
from explorer.runs.writer import StoreWriter
from explorer.training import State, checkpoints
from explorer.training.checkpoints import Card

KINDNESS = 10  # on the scale of `nice`: a visitor's click goes before the training
KINDNESS_OF_ALL = 5  # the same for host and workers together, beside other programs

_SUM = "sum."
_NUMBERS = ("epoch", "step", "step_in_epoch", "seconds")


def main(orders: Connection) -> None:
    """Wait for a run's number, and train it. Without a host there will be none: end.

    As long as a device is named instead, the answer is how many bytes are free there.
    """
    _be_kind()
    try:
        while isinstance(order := orders.recv(), str):
            orders.send(_free_memory(order))
    except (EOFError, BrokenPipeError):
        return
    database().patient = True  # hours of training are not lost to who holds the store for a while
    code = Worker(order).work()
    if code:
        sys.exit(code)


def _be_kind() -> None:
    """Let the web server go before.

    Linux weighs whole sessions against each other first, where it groups them; ours holds nothing
    but the host and its workers.
    """
    os.nice(KINDNESS)
    with suppress(OSError):  # no such grouping here
        Path("/proc/self/autogroup").write_text(str(KINDNESS_OF_ALL))


def _free_memory(name: str) -> int:
    """Bytes that are free on a device; none on one that fails."""
    try:
        place = device.named(name)
        device.use(place)
        return device.free_memory(place)
    except (RuntimeError, ValueError):
        return 0


class Worker:
    """One run, from the moment that it has been given to this process."""

    def __init__(self, number: int) -> None:
        self._writer = StoreWriter(store.get(number), process.own())
        self._told_to_end = False
        signal.signal(signal.SIGTERM, self._tell)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for its own program

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True

    def work(self) -> int:
        """Train; the exit status is not 0 where the end could not be written."""
        run = self._writer.run
        try:
            self._writer.claim()
            end = session.outcome(self._session)
            self._writer.tell(end)
            if end.status not in RESUMABLE:
                artifacts.state_file(run.id).unlink(missing_ok=True)  # the largest of all files
            if run.limits.run_bytes:  # looked at once a second, in which a small network goes far
                quota.trim(run)
        except NotMine:
            return 0
        except (OSError, StoreError) as error:
            return process.DISK_FULL if isinstance(error, DiskFullError) else process.FAILED
        return 0

    def _session(self) -> Session:
        self._log()
        run = self._writer.run
        recipe = run.recipe
        return Session(
            recipe,
            device.named(run.device),
            self._writer,
            FolderVault(run.id),
            lambda progress: datasets.load(
                recipe.dataset, progress=progress, path=recipe.path or None
            ),
            exceeded=Quota(run).exceeded,
            interrupted=lambda: self._told_to_end,
        )

    def _log(self) -> None:
        """From here on, what libraries print goes into the run's folder."""
        path = artifacts.log_file(self._writer.run.id)
        try:
            storage.private(path.parent)
            with path.open("ab") as file:
                os.dup2(file.fileno(), sys.stdout.fileno())
                os.dup2(file.fileno(), sys.stderr.fileno())
        except OSError as error:
            raise explained(error, path.parent) from error


class FolderVault:
    """A run's weights and states in its folder, beside the store (see `artifacts`)."""

    def __init__(self, run: int) -> None:
        self._run = run

    def state(self) -> State | None:
        """Where the run was when it was last saved.

        Raises:
            ValueError: the file is damaged.
        """
        path = artifacts.state_file(self._run)
        if not path.exists():
            return None
        tensors, card = checkpoints.load(path)
        numbers = card.state
        sums = checkpoints.under(_SUM, numbers)
        epoch, step, step_in_epoch = (int(numbers[name]) for name in _NUMBERS[:3])
        return State(epoch, step, step_in_epoch, numbers["seconds"], tensors, sums)

    def put_state(self, state: State, card: Card) -> None:
        """Overwrite the state's file; it never knows more than the rows, after a power cut too."""
        database().sync()
        numbers = {name: getattr(state, name) for name in _NUMBERS}
        numbers |= {f"{_SUM}{name}": value for name, value in state.sums.items()}
        card = dataclasses.replace(card, state=numbers)
        checkpoints.save(artifacts.state_file(self._run), state.tensors, card)

    def put_checkpoint(self, weights: Mapping[str, Tensor], card: Card) -> None:
        """Write the file of an epoch; the oldest ones give way."""
        checkpoints.save(artifacts.checkpoint_file(self._run, card.epoch), weights, card)
        artifacts.make_room(self._run)

    def forget_after(self, epoch: int) -> None:
        """Take away later epochs' files, and half-written ones."""
        artifacts.forget_after(self._run, epoch)
