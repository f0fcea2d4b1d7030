"""A process that trains one run, writes what comes of it, and ends.

It needs nobody while it works: if its host or the web server dies, it goes on to its run's end.
"""

import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

import torch

from explorer.base import device, reasons, storage
from explorer.base.reasons import NO_REASON, Reason
from explorer.base.storage import NoRoomError
from explorer.data import datasets
from explorer.data.datasets import Data
from explorer.runs import artifacts, process, quota, store
from explorer.runs.database import DiskFullError, StoreError, database, explained
from explorer.runs.quota import Quota
from explorer.runs.records import RESUMABLE, Status, Wish
from explorer.runs.saving import Saver, load_state
from explorer.runs.workers import DISK_FULL, FAILED
from explorer.runs.writer import Ledger, NotMine
from explorer.runs.writing import Writer
from explorer.training import (
    Capture,
    Diverged,
    Epoch,
    Finished,
    Peak,
    Record,
    Snapshot,
    Started,
    Steps,
    Testing,
    Training,
)
from explorer.training.recipes import Recipe

KINDNESS = 10  # on the scale of `nice`: a visitor's click goes before the training
KINDNESS_OF_ALL = 5  # the same for host and workers together, beside other programs
LOOK = 0.25  # seconds between two looks while a data set is being fetched

End = tuple[Status, Reason]


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


def _seconds(record: Record) -> float:
    """Of the training up to this record; 0 where it does not say."""
    return record.seconds if isinstance(record, Steps | Testing | Epoch) else 0.0


class _Asked(Exception):
    """Somebody wants the run to end here."""


class Worker:
    """One run, from the moment that it has been given to this process."""

    def __init__(self, number: int) -> None:
        self._ledger = Ledger(store.get(number), process.own())
        self._told_to_end = False
        self._wish = Wish.NONE  # as it was when the last row was written
        signal.signal(signal.SIGTERM, self._tell)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for its own program

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True

    def work(self) -> int:
        """Train; the exit status is not 0 where the end could not be written."""
        try:
            self._ledger.take()
            status, reason = self._outcome()
            self._ledger.end(status, reason)
            if status not in RESUMABLE:
                artifacts.forget_state(self._ledger.run.id)
            quota.settle(self._ledger.run)
        except NotMine:
            return 0
        except (OSError, StoreError) as error:
            return DISK_FULL if isinstance(error, DiskFullError) else FAILED
        return 0

    def _log(self) -> None:
        """From here on, what libraries print goes into the run's folder."""
        path = artifacts.log_file(self._ledger.run.id)
        try:
            storage.private(path.parent)
            with path.open("ab") as file:
                os.dup2(file.fileno(), sys.stdout.fileno())
                os.dup2(file.fileno(), sys.stderr.fileno())
        except OSError as error:
            raise explained(error, path.parent) from error

    def _outcome(self) -> End:
        try:
            self._log()
            return self._train()
        except NotMine:
            raise
        except NoRoomError:
            return Status.INTERRUPTED, Reason("disk_full")
        except _Asked:
            return self._asked()
        except ValueError as error:  # a sentence of the data, the network, the disk
            return Status.FAILED, reasons.of(error)
        except Exception as error:  # noqa: BLE001 (whatever it is, the run must not hang)
            traceback.print_exc()
            name = f"{type(error).__name__}: {error}"[:300]
            return Status.FAILED, Reason("fault", {"error": name})

    def _train(self) -> End:
        run = self._ledger.run
        recipe, state = run.recipe, load_state(run.id)
        data = self._data(recipe)
        place = device.named(run.device)
        device.use(place)
        self._ledger.placed(place)
        peak = Peak(place)
        training = Training(recipe, data, place, state)
        # Only now that it can go on: rows and files that it will make again give way.
        self._ledger.begin(state)
        artifacts.forget_after(run.id, self._ledger.epochs_done)
        torch.set_num_threads(training.setting.threads)
        with Writer() as rows, Writer() as files:  # at the end all of it has been written
            saver = Saver(run.id, training, data, rows, files)
            return self._followed(training, saver, rows, peak)

    def _followed(self, training: Training, saver: Saver, rows: Writer, peak: Peak) -> End:
        """Train to the end; rows and files are written meanwhile, and the time of waiting for
        them counts as the run's."""
        needed = training.setting.memory(training.recipe.batch_size)
        quota = Quota(self._ledger.run)
        for record in training.records():
            start = time.monotonic()
            rows.put(partial(self._write, record))
            end = _end_told_by(record)
            if end or isinstance(record, Epoch):
                rows.put(partial(self._ledger.held, needed, peak.taken()))
            if end:
                saver.finish()
                training.spent(time.monotonic() - start)
                rows.put(partial(self._ledger.alive, training.seconds))
                return end
            saver.after(record)
            if spent := quota.exceeded(_seconds(record)):
                return self._spent(spent, saver)
            if self._told_to_end or self._wish is not Wish.NONE:
                saver.save()
                return self._asked()
            training.spent(time.monotonic() - start)
        raise AssertionError("a training ends with Finished or Diverged")

    def _spent(self, reason: Reason, saver: Saver) -> End:
        """The run has taken as much as it may."""
        if reason.code == "seconds_spent":  # else the disk is what has run out
            saver.save()
        return Status.STOPPED, reason

    def _data(self, recipe: Recipe) -> Data:
        next_look = time.monotonic() + LOOK

        def heard(done: int, total: int) -> None:
            nonlocal next_look
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + LOOK
                if not recipe.path:  # that is a download: bytes, not somebody's own pictures
                    self._ledger.loading(done, total)
                if self._told_to_end or self._ledger.wish() is not Wish.NONE:
                    raise _Asked

        return datasets.load(recipe.dataset, progress=heard, path=recipe.path or None)

    def _write(self, record: Record) -> None:
        """Store a record, and look what somebody wishes; in a thread of its own."""
        match record:
            case Started():
                self._ledger.started(record)
            case Steps():
                self._ledger.steps(record)
            case Capture():
                self._ledger.captured(record)
            case Snapshot():
                self._ledger.snapshot(record)
            case Testing():
                self._ledger.alive(record.seconds)
            case Epoch():
                self._ledger.epoch(record)
        self._wish = self._ledger.wish()

    def _asked(self) -> End:
        wish = self._ledger.wish()
        if wish is Wish.PAUSE:
            return Status.PAUSED, NO_REASON
        if wish is Wish.STOP:
            return Status.STOPPED, NO_REASON
        return Status.INTERRUPTED, Reason("asked_to_end")


def _end_told_by(record: Record) -> End | None:
    """The run's end, if that is what a record says."""
    match record:
        case Diverged():
            return Status.DIVERGED, record.reason
        case Finished():
            return Status.FINISHED, NO_REASON
    return None
