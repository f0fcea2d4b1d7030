"""When a run's weights and its state are put into its vault, and the thread that does it."""

import dataclasses
import time
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from threading import BoundedSemaphore
from typing import Self

import torch
from torch import Tensor

from explorer.data.datasets import Data
from explorer.runs.protocols import Vault
from explorer.training import Epoch, HostBuffer, State, Training, checkpoints, recipes
from explorer.training.budget import MOST_WAITING, PATIENCE
from explorer.training.checkpoints import NETWORK, Card

# -- a thread that writes while the training goes on ----------------------------------------------


MOST_QUEUED = 64  # pieces of work: whoever gives more waits for the oldest


class WriteQueue:
    """Does pieces of work one after the other, in the order in which they were given.

    Once one has failed nothing more is done, and every further call raises what it raised: what
    comes later may rely on what came before.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="write queue")
        self._room = BoundedSemaphore(MOST_QUEUED)
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, raised: type[BaseException] | None, *_more: object) -> None:
        """All that was given is done; a failure is raised unless another one is on its way."""
        try:
            with suppress(*[Exception] if raised else []):
                self.wait()
        finally:
            self._thread.shutdown()

    @property
    def busy(self) -> bool:
        """Whether it has not yet done all that it was given."""
        return self._last is not None and not self._last.done()

    def put(self, work: Callable[[], None]) -> "Future[None]":
        """Have this done after all before it; its future.

        Raises:
            Exception: what an earlier piece of work raised.
        """
        if not self.busy:
            self.wait()
        self._room.acquire()
        self._last = self._thread.submit(self._do, work, self._last)
        return self._last

    def _do(self, work: Callable[[], None], before: "Future[None] | None") -> None:
        try:
            if before:
                before.result()
            work()
        finally:
            self._room.release()

    def wait(self) -> None:
        """Until all of it is done.

        Raises:
            Exception: what one of them raised.
        """
        if self._last:
            self._last.result()

    def done_within(self, seconds: float) -> bool:
        """Wait for all of it, but not longer; whether it is done.

        Raises:
            Exception: what one of them raised.
        """
        if self._last:
            futures.wait([self._last], max(seconds, 0.0))
        if not self.busy:
            self.wait()
        return not self.busy


# -- when it is time ------------------------------------------------------------------------------

EVERY = 30.0  # seconds between two states within an epoch
SHORT_EPOCH = 2.0  # seconds: after shorter ones not every state is written
MOST_SHARE = 0.05  # of the time goes into writing states
# Of an epoch, on the card of its weights.
_FIGURES = ("epoch", "step", "train_loss", "train_accuracy", "test_loss", "test_accuracy")


class Saver:
    """Writes one run's checkpoints (at each epoch's end, kept) and its state (overwritten).

    The training waits only while its tensors are copied into one buffer; a thread hashes and
    writes them. The next copy waits until the buffer has been written.
    """

    def __init__(
        self, training: Training, data: Data, vault: Vault, rows: WriteQueue, files: WriteQueue
    ) -> None:
        self._training, self._vault = training, vault
        self.rows, self.files = rows, files
        self._buffer = HostBuffer(training.learner.device)
        self._card = Card(
            network=training.recipe.network,
            options=training.setting.spec.values,
            dataset=training.recipe.dataset,
            classes=tuple(data.classes),
            size=training.recipe.size,
            recipe=recipes.as_json(training.recipe),
            seed=training.recipe.seed,
            commit=checkpoints.commit(),
            torch_version=torch.__version__,
        )
        self._began = self._saved = time.monotonic()
        self._waited = self._cost = 0.0  # seconds: of the training in all; of the last state

    def after(self, record: object) -> None:
        """Have what is due written, now that the rows of this record are on their way.

        Raises:
            ValueError: something could not be written.
        """
        epoch = record if isinstance(record, Epoch) else None
        least = SHORT_EPOCH if epoch else EVERY
        with_state = time.monotonic() - self._saved > max(least, self._cost / MOST_SHARE)
        if epoch and not self._is_free_for(epoch):
            epoch = None
        # A state can wait for a record at which the disk is done; an epoch's weights cannot.
        if epoch or (with_state and not self.files.busy):
            self._copy(epoch, with_state=with_state)

    def save(self) -> None:
        """Write the state now, and wait for it: the run can be taken up from here.

        Raises:
            ValueError: it, or something before it, could not be written.
        """
        self._copy(None, with_state=True)
        self.rows.wait()
        self.files.wait()

    def _is_free_for(self, epoch: Epoch) -> bool:
        """Whether the buffer is, or will be before the training has waited too long for it; the
        last epoch's weights are always written."""
        if epoch.epoch == self._training.recipe.epochs:
            return True
        start = time.monotonic()
        left = max(PATIENCE, MOST_WAITING * (start - self._began)) - self._waited
        free = left > 0 and self.files.done_within(left)
        self._waited += time.monotonic() - start
        return free

    def _copy(self, epoch: Epoch | None, *, with_state: bool) -> None:
        """Copy the tensors once, whether for one file or for both."""
        start = time.monotonic()
        self.files.wait()
        state = self._training.state(self._buffer.copy) if with_state else None
        tensors = state.tensors if state else self._training.weights(self._buffer.copy)
        copied = time.monotonic()
        self._waited += copied - start
        rows = self.rows.put(lambda: None)  # once they are kept, the run is still ours
        if epoch:
            weights = {name: t for name, t in tensors.items() if name.startswith(NETWORK)}
            self.files.put(partial(self._write_checkpoint, weights, epoch, rows))
        if state:
            self._saved = start
            self.files.put(partial(self._write_state, state, rows, start))

    def _write_state(self, state: State, rows: "Future[None]", start: float) -> None:
        rows.result()  # the state never knows more than the rows
        self._vault.put_state(state, self._dated(epoch=state.epoch, step=state.step))
        self._cost = time.monotonic() - start

    def _write_checkpoint(
        self, weights: dict[str, Tensor], epoch: Epoch, rows: "Future[None]"
    ) -> None:
        rows.result()
        card = self._dated(**{name: getattr(epoch, name) for name in _FIGURES})
        self._vault.put_checkpoint(weights, card)

    def _dated(self, **changes: object) -> Card:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return dataclasses.replace(self._card, date=now, **changes)  # type: ignore[arg-type]
