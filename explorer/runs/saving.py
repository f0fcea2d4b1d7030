"""Weights and states of a run, in and out of its folder, and when it is time to write them."""

import dataclasses
import time
from datetime import UTC, datetime

import torch

from explorer import architectures, checkpoints, recipes
from explorer.checkpoints import NETWORK, Card
from explorer.datasets import Data
from explorer.runs import folder
from explorer.runs.database import database
from explorer.training import Epoch, State, Training

EVERY = 30.0  # seconds between two states within an epoch
SHORT_EPOCH = 2.0  # seconds: after shorter ones not every state is written
MOST_SHARE = 0.05  # of the time goes into writing them


class Saver:
    """Writes one run's checkpoints (at each epoch's end, kept) and its state (overwritten)."""

    def __init__(self, run: int, training: Training, data: Data) -> None:
        self._run = run
        self._training = training
        self._card = Card(
            network=training.recipe.network,
            options=architectures.get(training.recipe.network).resolve(training.setting.options),
            dataset=training.recipe.dataset,
            classes=tuple(data.classes),
            size=training.recipe.size,
            recipe=recipes.as_json(training.recipe),
            seed=training.recipe.seed,
            commit=checkpoints.commit(),
            torch_version=torch.__version__,
        )
        self._saved = time.monotonic()
        self._due = self._saved + EVERY

    def after(self, record: object) -> None:
        """Write what is due when this record has been stored.

        Raises:
            ValueError: it could not be written.
        """
        if isinstance(record, Epoch):
            self._checkpoint(record)
        done = time.monotonic() - self._saved > SHORT_EPOCH and isinstance(record, Epoch)
        if done or time.monotonic() >= self._due:
            self.save()

    def save(self) -> None:
        """Write the state now: the run can be taken up from here."""
        start = time.monotonic()
        database().settle()  # the state never knows more than the rows
        state = self._training.state()
        numbers = {
            "epoch": state.epoch,
            "step": state.step,
            "step_in_epoch": state.step_in_epoch,
            "seconds": state.seconds,
            **{f"{_SUM}{name}": value for name, value in state.sums.items()},
        }
        card = self._dated(epoch=state.epoch, step=state.step, state=numbers)
        checkpoints.save(folder.state_file(self._run), state.tensors, card)
        self._saved = time.monotonic()
        self._due = start + max(EVERY, (self._saved - start) / MOST_SHARE)

    def _checkpoint(self, epoch: Epoch) -> None:
        weights = {
            name: tensor
            for name, tensor in self._training.state().tensors.items()
            if name.startswith(NETWORK)
        }
        card = self._dated(
            epoch=epoch.epoch,
            step=epoch.step,
            train_loss=epoch.train_loss,
            train_accuracy=epoch.train_accuracy,
            test_loss=epoch.test_loss,
            test_accuracy=epoch.test_accuracy,
        )
        checkpoints.save(folder.checkpoint_file(self._run, epoch.epoch), weights, card)
        folder.make_room(self._run)

    def _dated(self, **changes: object) -> Card:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return dataclasses.replace(self._card, date=now, **changes)  # type: ignore[arg-type]


_SUM = "sum."


def load_state(run: int) -> State | None:
    """Where the run was when it was last saved; None if it has not been.

    Raises:
        ValueError: the file is damaged.
    """
    path = folder.state_file(run)
    if not path.exists():
        return None
    tensors, card = checkpoints.load(path)
    numbers = dict(card.state)
    return State(
        epoch=int(numbers["epoch"]),
        step=int(numbers["step"]),
        step_in_epoch=int(numbers["step_in_epoch"]),
        seconds=numbers["seconds"],
        tensors=tensors,
        sums={
            name.removeprefix(_SUM): value
            for name, value in numbers.items()
            if name.startswith(_SUM)
        },
    )
