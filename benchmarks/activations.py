"""Recording all maps beside captum and torchlens: `python -m benchmarks.activations`.

All record the same networks on the same picture, in turns, so that a slow moment of the machine
hits all of them; the table gives medians. Before that it is made sure that they find the same
numbers: torchlens those of every operation, captum those of every layer (it does not see `+` and
`cat` between layers). torchlens replaces torch's functions while it is at work; it is made to do
so before its turn and to undo it after, outside of the time that counts.
"""

import gc
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchlens
from captum.attr import LayerActivation
from torch import Tensor, nn
from torchlens.backends.torch.wrappers import unwrap_torch, wrap_torch

from explorer import activations, architectures

NETWORKS = ("torchvision/resnet18", "torchvision/densenet121")
TURNS = 9

Way = Callable[[nn.Module, Tensor], object]


@dataclass(frozen=True)
class Result:
    """Median seconds of each way, over the turns."""

    name: str
    operations: int
    seconds: dict[str, float]


def layers(network: nn.Module) -> list[nn.Module]:
    """Every layer without parts of its own."""
    return [module for module in network.modules() if not list(module.children())]


def by_captum(network: nn.Module, picture: Tensor) -> object:
    """Captum's activations of all layers, in one pass."""
    return LayerActivation(network, layers(network)).attribute(picture)


def fast(network: nn.Module, picture: Tensor) -> object:
    """Torchlens's log with the least of facts about each operation."""
    return torchlens.fastlog.record(network, picture, save=lambda _operation: True)


def plain(network: nn.Module, picture: Tensor) -> object:
    """A forward pass of which nothing is kept."""
    with torch.inference_mode():
        return network(picture)


WAYS: dict[str, Way] = {
    "forward pass alone": plain,
    "explorer": activations.record,
    "captum": by_captum,
    "torchlens, fast log": fast,
    "torchlens, trace": torchlens.trace,
}


def seconds(way: str, network: nn.Module, picture: Tensor) -> float:
    """How long one recording takes."""
    if "torchlens" in way:
        wrap_torch()
    gc.collect()
    start = time.perf_counter()
    kept = WAYS[way](network, picture)
    took = time.perf_counter() - start
    del kept  # letting it go is no recording
    unwrap_torch()
    return took


def check(network: nn.Module, picture: Tensor) -> int:
    """The number of operations, when all ways have been seen to find the same.

    Raises:
        AssertionError: another way finds other numbers.
    """
    recording = activations.record(network, picture)
    traced = torchlens.trace(network, picture).compute_ops
    unwrap_torch()
    for operation, theirs in zip(recording.operations, traced, strict=True):
        assert torch.equal(recording.values(operation.name), theirs.out), operation.name
    names = {module: name for name, module in network.named_modules()}
    found = LayerActivation(network, layers(network)).attribute(picture)
    for layer, theirs in zip(layers(network), found, strict=True):
        calls = (n for n in recording.steps if re.fullmatch(rf"{names[layer]}(_\d+)?", n))
        *_others, last = calls  # captum keeps a layer's last call
        assert torch.equal(recording.values(last), theirs), last
    return len(recording.operations)


def compare(name: str) -> Result:
    """One network, every way in turns."""
    architecture = architectures.get(name)
    torch.manual_seed(0)
    network = architecture.build(**architecture.resolve()).eval()
    picture = torch.rand(1, *architecture.input_shape)
    operations = check(network, picture)
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(TURNS + 1):
        for way, times in took.items():
            if way == "torchlens, trace" and turn > 2:
                continue  # seconds each: two turns tell enough
            times.append(seconds(way, network, picture))
    medians = {way: statistics.median(times[1:]) for way, times in took.items()}
    return Result(name, operations, medians)


def table(results: list[Result]) -> str:
    """The results as a Markdown table; in brackets how many times longer than ours."""
    head = "| network | operations | " + " | ".join(WAYS) + " |\n|:--|--:|" + "--:|" * len(WAYS)
    rows = []
    for result in results:
        ours = result.seconds["explorer"]
        cells = [
            f"{1000 * each:.0f} ms" + (f" ({each / ours:.1f} ×)" if way != "explorer" else "")
            for way, each in result.seconds.items()
        ]
        rows.append(f"| {result.name} | {result.operations} | " + " | ".join(cells) + " |")
    return "\n".join([head, *rows])


def main() -> None:
    """Print the table."""
    gc.collect()
    gc.freeze()  # as the server does once it has imported everything
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print(table([compare(name) for name in NETWORKS]))


if __name__ == "__main__":
    main()
