"""Work that is done in bounded pieces, by whichever visitor's turn it is."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Lock

import torch
from torch import nn

Load = Callable[[], nn.Module]

# One piece at a time in this process: two that measure at once would measure each other.
_turn = Lock()


class Piecework(ABC):
    """Something to be run again and again: `done` of `total` steps, over all its visitors."""

    def __init__(self, total: int) -> None:
        self.done, self.total = 0, total
        self.seconds = 0.0  # that its pieces took so far

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.done >= self.total

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None while there is none to go by."""
        return self.seconds * (self.total - self.done) / self.done if self.done else None

    def advance(self, load: Load, seconds: float) -> None:
        """Work for about so long, at least one step; nothing if somebody else is at work.

        `load` gives the same network at each piece. It is not kept in between: weights that nobody
        uses are given back.

        Raises:
            ValueError: the weights cannot be had, or do not take these pictures.
        """
        if self.finished or not _turn.acquire(blocking=False):
            return
        try:
            network = load()
            began = time.monotonic()
            with torch.inference_mode():
                self._step(network)
                while not self.finished and time.monotonic() < began + seconds:
                    self._step(network)
            self.seconds += time.monotonic() - began
        finally:
            _turn.release()

    @abstractmethod
    def _step(self, network: nn.Module) -> None:
        """Do the next one, and raise `done`."""
