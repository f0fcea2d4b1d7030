"""How long a network takes for one picture, on the processor, in this process."""

import time

import torch
from torch import nn

from explorer.base import device
from explorer.base.inputs import InputSize
from explorer.inside.comparison.piecework import Piecework

WARM_UP = 2  # runs that are not counted: the first ones wait for memory
FEWEST, MOST = 12, 60  # runs that are
ENOUGH = 0.8  # seconds of them


class Timing(Piecework):
    """One step is one run with a batch of one picture; what counts is the lower quartile.

    Whatever else this machine does can only make a run longer. It is the same for all weights.
    """

    def __init__(self, shape: InputSize) -> None:
        super().__init__(WARM_UP + FEWEST)
        self._picture = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
        self._runs: list[float] = []
        self.device = device.available()[-1].title  # the processor
        self.threads = 0
        self.nbytes = 4 * self._picture.numel() + 4000

    @property
    def for_one(self) -> float:
        """For one picture, over the runs so far; at least one must be done."""
        return sorted(self._runs)[len(self._runs) // 4]

    @property
    def runs(self) -> int:
        """How many runs `for_one` is over."""
        return len(self._runs)

    def _step(self, network: nn.Module) -> None:
        began = time.perf_counter()
        network(self._picture)
        took = time.perf_counter() - began
        self.done += 1
        if self.done == WARM_UP:  # now it is known how many runs there is time for
            self.total = WARM_UP + max(FEWEST, min(MOST, int(ENOUGH / max(took, 1e-9))))
            self.threads = torch.get_num_threads()
        elif self.done > WARM_UP:
            self._runs.append(took)
