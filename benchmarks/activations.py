"""Recording all maps beside captum and torchlens: `python -m benchmarks.activations`.

All record the same networks on the same picture, each in a process of its own: torchlens replaces
torch's functions while it is at work, in this process, the only one that it accepts. They take
turns, so that a slow moment of the machine hits all of them; the table gives medians. Before that
it is made sure that they find the same numbers: torchlens those of every operation, captum those
of every layer (it does not see `+` and `cat` between layers). A recording of ours has all numbers;
their names, and facts about each operation, are found out when they are first asked for: "facts
too" asks at once.
"""

import gc
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

import torch
import torchlens
from captum.attr import LayerActivation
from torch import Tensor, nn

from explorer.inside import activations
from explorer.networks import NetworkSpec

NETWORKS = ("torchvision/resnet18", "torchvision/densenet121")
TURNS = 25
FEW = 4  # turns of whoever takes seconds for one

Way = Callable[[nn.Module, Tensor], object]


@dataclass(frozen=True)
class Result:
    """Each way's medians over the turns: seconds, and how many times as long as ours it took."""

    name: str
    operations: int
    seconds: dict[str, float]
    times: dict[str, float]  # of the same turn, so that a slow moment is both ways'


def layers(network: nn.Module) -> list[nn.Module]:
    """Every layer without parts of its own."""
    return [module for module in network.modules() if not list(module.children())]


def plain(network: nn.Module, picture: Tensor) -> object:
    """A forward pass of which nothing is kept."""
    with torch.inference_mode():
        return network(picture)


def described(network: nn.Module, picture: Tensor) -> object:
    """All numbers by name, and every operation's facts."""
    recording = activations.record(network, picture)
    return recording, recording.operations, recording.steps


def captum(network: nn.Module, picture: Tensor) -> object:
    """Captum's activations of all layers, in one pass."""
    return LayerActivation(network, layers(network)).attribute(picture)


def fast(network: nn.Module, picture: Tensor) -> object:
    """The log of torchlens with the least of facts about each operation."""
    return torchlens.fastlog.record(network, picture, save=lambda _operation: True)


WAYS: dict[str, Way] = {
    "forward pass alone": plain,
    "explorer": activations.record,
    "explorer, facts too": described,
    "captum": captum,
    "torchlens, fast log": fast,
    "torchlens, trace": torchlens.trace,
}


@cache
def case(name: str) -> tuple[nn.Module, Tensor]:
    """The network with random weights, and a random picture: the same in every process."""
    gc.collect()
    gc.freeze()  # as the server does once it has imported everything
    spec = NetworkSpec.parse(name)
    torch.manual_seed(0)
    network = spec.build().eval()
    return network, torch.rand(1, *spec.input_size)


def seconds(way: str, name: str) -> float:
    """How long one recording takes; letting it go again is not counted."""
    network, picture = case(name)
    gc.collect()
    start = time.perf_counter()
    recording = WAYS[way](network, picture)
    took = time.perf_counter() - start
    del recording
    return took


def check(name: str) -> int:
    """The number of operations, when all ways have been seen to find the same.

    Raises:
        AssertionError: another way finds other numbers.
    """
    network, picture = case(name)
    recording = activations.record(network, picture)
    names = {module: path for path, module in network.named_modules()}
    of_captum = LayerActivation(network, layers(network)).attribute(picture)
    for layer, theirs in zip(layers(network), of_captum, strict=True):
        calls = (n for n in recording.steps if re.fullmatch(rf"{names[layer]}(_\d+)?", n))
        *_others, last = calls  # captum keeps a layer's last call
        assert torch.equal(recording.values(last), theirs), last
    traced = torchlens.trace(network, picture).compute_ops
    for operation, theirs in zip(recording.operations, traced, strict=True):
        assert torch.equal(recording.values(operation.name), theirs.out), operation.name
    return len(recording.operations)


def compare(name: str, processes: dict[str, ProcessPoolExecutor]) -> Result:
    """One network, every way in turns; the first turn is not counted."""
    operations = check(name)
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(TURNS + 1):
        for way, times in took.items():
            if way in processes:
                times.append(processes[way].submit(seconds, way, name).result())
            elif way == "torchlens, fast log" or turn <= FEW:
                times.append(seconds(way, name))
    medians = {way: statistics.median(each[1:]) for way, each in took.items()}
    ours = took["explorer"]
    times = {
        way: statistics.median(a / b for a, b in zip(each[1:], ours[1:], strict=False))
        for way, each in took.items()
    }
    return Result(name, operations, medians, times)


def table(results: list[Result]) -> str:
    """The results as a Markdown table; in brackets how many times as long as ours."""
    head = "| network | operations | " + " | ".join(WAYS) + " |\n|:--|--:|" + "--:|" * len(WAYS)
    rows = []
    for result in results:
        cells = [
            f"{1000 * each:.0f} ms" + (f" ({result.times[way]:.2f} ×)" if way != "explorer" else "")
            for way, each in result.seconds.items()
        ]
        rows.append(f"| {result.name} | {result.operations} | " + " | ".join(cells) + " |")
    return "\n".join([head, *rows])


def main() -> None:
    """Print the table."""
    fresh = multiprocessing.get_context("spawn")
    others = [way for way in WAYS if "torchlens" not in way]
    processes = {way: ProcessPoolExecutor(1, mp_context=fresh) for way in others}
    try:
        results = [compare(name, processes) for name in NETWORKS]
    finally:
        for process in processes.values():
            process.shutdown()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print(table(results))


if __name__ == "__main__":
    main()
