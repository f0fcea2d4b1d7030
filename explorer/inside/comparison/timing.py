"""How long a network takes for one picture, on the processor, in this process."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from explorer.base import device
from explorer.base.inputs import InputSize
from explorer.base.tasks import Steps, Task

WARM_UP = 2  # runs that are not counted: the first ones wait for memory
FEWEST, MOST = 12, 60  # runs that are
ENOUGH = 0.8  # seconds of them


@dataclass(frozen=True)
class Timing:
    """How long each run with a batch of one picture took; what counts is the lower quartile.

    Whatever else this machine does can only make a run longer. It is the same for all weights.
    """

    seconds: tuple[float, ...]  # of each run that counts so far, of
    total: int
    device: str
    threads: int

    @property
    def for_one(self) -> float:
        """Seconds for one picture, over the runs so far; at least one must be done."""
        return sorted(self.seconds)[len(self.seconds) // 4]

    @property
    def runs(self) -> int:
        """How many runs `for_one` is over."""
        return len(self.seconds)


def steps(shape: InputSize, load: Callable[[], nn.Module]) -> Steps[Timing]:
    """Run after run."""
    picture = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))

    def run(task: Task[Timing]) -> Iterator[Timing]:
        network = load()
        timing = task.latest or _begun([_once(network, picture) for _run in range(WARM_UP)][-1])
        while timing.runs < timing.total:
            timing = replace(timing, seconds=(*timing.seconds, _once(network, picture)))
            task.tell(timing.runs, timing.total)
            yield timing

    return run


def _begun(took: float) -> Timing:
    """Nothing yet, and so many runs to come as there is time for."""
    total = max(FEWEST, min(MOST, int(ENOUGH / max(took, 1e-9))))
    return Timing((), total, device.available()[-1].title, torch.get_num_threads())


def _once(network: nn.Module, picture: Tensor) -> float:
    began = time.perf_counter()
    with torch.inference_mode():
        network(picture)
    return time.perf_counter() - began
