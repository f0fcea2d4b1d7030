"""A run's weights and states in its folder (see `artifacts`)."""

import dataclasses
from collections.abc import Mapping

from torch import Tensor

from explorer.runs import artifacts
from explorer.runs.database import database
from explorer.training import State, checkpoints
from explorer.training.checkpoints import Card

_SUM = "sum."
_NUMBERS = ("epoch", "step", "step_in_epoch", "seconds")


class FolderVault:
    """The vault of one run beside the store."""

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
        database().settle()
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
