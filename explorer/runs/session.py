"""A run itself: a recipe carried out on a device, with a writer, a vault and data.

It knows no process and no store: an engine gives it all of that, and is told how it ended.
"""

import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch

from explorer.base import device, reasons
from explorer.base.device import Device
from explorer.base.reasons import NO_REASON, Reason
from explorer.base.storage import NoRoomError
from explorer.base.tasks import Progress
from explorer.data.datasets import Data
from explorer.runs import protocols
from explorer.runs.protocols import Alive, Ended, Held, Loading, NotMine, Placed, Resumed
from explorer.runs.records import Request, Status
from explorer.runs.saving import Saver, WriteQueue
from explorer.training import Diverged, Epoch, Finished, Peak, Record, Training
from explorer.training.recipes import Recipe

if TYPE_CHECKING:
    from explorer.runs.protocols import Message

LOOK = 0.25  # seconds between two looks at what is requested while data are being fetched


def outcome(prepare: Callable[[], "Session"]) -> Ended:
    """Carry out a session that is yet to be made; how it ended, whatever it was that ended it.

    Raises:
        NotMine: the run has been given to another session.
    """
    try:
        return prepare().train()
    except NotMine:
        raise
    except NoRoomError:
        return Ended(Status.INTERRUPTED, Reason("disk_full"))
    except ValueError as error:  # a sentence of the data, the network, the disk
        return Ended(Status.FAILED, reasons.of(error))
    except Exception as error:  # noqa: BLE001 (whatever it is, the run must not hang)
        traceback.print_exc()
        name = f"{type(error).__name__}: {error}"[:300]
        return Ended(Status.FAILED, Reason("fault", {"error": name}))


class _EndRequested(Exception):
    """Somebody wants the run to end here."""


class Session:
    """One run from where its vault has it to its end, or until it is to pause or stop.

    `load` gives the data, and calls what it is given as it goes on. `exceeded` says of seconds of
    training why the run may not go on, if it may not; `interrupted` whether it is to save and end.
    """

    def __init__(
        self,
        recipe: Recipe,
        device: Device,
        writer: protocols.Writer,
        vault: protocols.Vault,
        load: Callable[[Progress], Data],
        *,
        exceeded: Callable[[float], Reason] = lambda _seconds: NO_REASON,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._recipe, self._device = recipe, device
        self._writer, self._vault, self._load = writer, vault, load
        self._exceeded, self._interrupted = exceeded, interrupted
        self._requested = Request.GO_ON  # as it was when the last record was told

    def train(self) -> Ended:
        """Carry it out; see `outcome` for what it raises."""
        try:
            state, data = self._vault.state(), self._data()
        except _EndRequested:
            return self._end_requested()
        device.use(self._device)
        self._tell(Placed(self._device))
        peak = Peak(self._device)
        training = Training(self._recipe, data, self._device, state)
        # Only now that it can go on: rows and files that it will make again give way.
        resumed = Resumed(state.step, state.seconds) if state else Resumed()
        self._tell(resumed)
        self._vault.forget_after(resumed.step // training.steps_per_epoch)
        torch.set_num_threads(training.setting.threads)
        with WriteQueue() as rows, WriteQueue() as files:  # at the end all of it has been written
            return self._follow(training, Saver(training, data, self._vault, rows, files), peak)

    def _follow(self, training: Training, saver: Saver, peak: Peak) -> Ended:
        """Train to the end; rows and files are written meanwhile, and the time of waiting for
        them counts as the run's."""
        rows, needed = saver.rows, training.setting.memory(training.recipe.batch_size)
        for record in training.records():
            start = time.monotonic()
            rows.put(partial(self._tell, record))
            end = _end(record)
            if end or isinstance(record, Epoch):
                rows.put(partial(self._tell, Held(needed, peak.growth())))
            if end:
                saver.files.wait()
                training.spent(time.monotonic() - start)
                rows.put(partial(self._tell, Alive(training.seconds)))
                return end
            saver.after(record)
            if spent := self._exceeded(getattr(record, "seconds", 0.0)):
                if spent.code == "seconds_spent":  # else the disk is what has run out
                    saver.save()
                return Ended(Status.STOPPED, spent)
            if self._interrupted() or self._requested is not Request.GO_ON:
                saver.save()
                return self._end_requested()
            training.spent(time.monotonic() - start)
        raise AssertionError("a training ends with Finished or Diverged")

    def _tell(self, record: "Message") -> None:
        self._requested = self._writer.tell(record)

    def _data(self) -> Data:
        next_look = time.monotonic() + LOOK

        def heard(done: int, total: int) -> None:
            nonlocal next_look
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + LOOK
                # Somebody's own pictures are not downloaded.
                self._tell(Alive() if self._recipe.path else Loading(done, total))
                if self._interrupted() or self._requested is not Request.GO_ON:
                    raise _EndRequested

        return self._load(heard)

    def _end_requested(self) -> Ended:
        """As it is wanted now: who asked for a pause may have asked for a stop since."""
        self._tell(Alive())
        if self._requested is Request.GO_ON:
            return Ended(Status.INTERRUPTED, Reason("asked_to_end"))
        return Ended(Status.PAUSED if self._requested is Request.PAUSE else Status.STOPPED)


def _end(record: Record) -> Ended | None:
    """The run's end, if that is what a record says."""
    if isinstance(record, Diverged):
        return Ended(Status.DIVERGED, record.reason)
    return Ended(Status.FINISHED) if isinstance(record, Finished) else None
