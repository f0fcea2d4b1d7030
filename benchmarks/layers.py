"""The complete layer table beside torchinfo's summary: `python -m benchmarks.layers`.

Both get a network that is already built. torchinfo runs once on the CPU, with real numbers, and
once on the meta device, without; the explorer always works without. The three take turns, so that
a slow moment of the machine hits all of them; the table gives medians. Memory is what the
explorer's process takes at its peak above what it took after its imports.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchinfo
from torch import nn

from explorer.analysis import summary as anatomy
from explorer.networks import NetworkSpec
from tests.measured import PEAK, status

CASES = (
    ("lenet", 1, 7),
    ("torchvision/vgg19", 32, 1),  # one turn on the CPU takes half a minute
    ("torchvision/resnet152", 1, 3),
    ("torchvision/densenet201", 1, 3),
)


@dataclass(frozen=True)
class Result:
    """Median seconds of each, over the turns; peak memory in MB."""

    name: str
    batch: int
    explorer: float
    cpu: float
    meta: float
    memory: float


def seconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def summary(network: nn.Module, shape: tuple[int, ...], device: str) -> object:
    """The table of torchinfo, of all depths; nothing is printed."""
    return torchinfo.summary(
        network,
        input_data=torch.zeros(shape, device=device),
        depth=100,
        col_names=("input_size", "output_size", "num_params", "kernel_size", "mult_adds"),
        verbose=0,
        cache_forward_pass=False,
        device=device,
    )


def compare(name: str, batch: int, turns: int) -> Result:
    """One network: the explorer, torchinfo on the CPU, torchinfo on the meta device, in turns."""
    spec = NetworkSpec.parse(name)
    shape = (batch, *spec.input_size)
    for_us, for_meta = spec.build_on_meta(), spec.build_on_meta()
    for_cpu = spec.build().eval()
    anatomy.dissect(for_us, shape)  # each once unmeasured: first calls import what they need
    summary(for_meta, shape, "meta")
    took: dict[str, list[float]] = {"explorer": [], "cpu": [], "meta": []}
    for _turn in range(turns):
        for _again in range(3):
            took["explorer"].append(seconds(lambda: anatomy.dissect(for_us, shape)))
            took["meta"].append(seconds(lambda: summary(for_meta, shape, "meta")))
        took["cpu"].append(seconds(lambda: summary(for_cpu, shape, "cpu")))
    medians = {who: statistics.median(times) for who, times in took.items()}
    return Result(name, batch, **medians, memory=peak_memory(name, batch))


def peak_memory(name: str, batch: int) -> float:
    """MB that a process of its own needs for the table, above what its imports took."""
    command = [sys.executable, "-m", "benchmarks.layers", "--memory", name, str(batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def measure_memory(name: str, batch: int) -> float:
    """The peak above the imports, in this very process."""
    spec, first = NetworkSpec.parse(name), NetworkSpec.parse("lenet")
    anatomy.measure(first, first.input_size)  # loads the parts of torch that load late
    PEAK.write_text("5")  # Linux: forget the peak of the imports
    before = status("VmRSS:")
    anatomy.measure(spec, spec.input_size, batch)
    return (status("VmHWM:") - before) / 2**20


def table(results: list[Result]) -> str:
    """The results as a Markdown table."""
    head = (
        "| network, batch | explorer | torchinfo, CPU | times faster | torchinfo, meta "
        "| times faster | peak memory |\n|:--|--:|--:|--:|--:|--:|--:|"
    )
    rows = (
        f"| {r.name}, {r.batch} | {1000 * r.explorer:.1f} ms | {1000 * r.cpu:.0f} ms "
        f"| {r.cpu / r.explorer:.0f} | {1000 * r.meta:.1f} ms | {r.meta / r.explorer:.1f} "
        f"| {r.memory:.0f} MB |"
        for r in results
    )
    return "\n".join([head, *rows])


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--memory"]:
        print(measure_memory(sys.argv[2], int(sys.argv[3])))
        return
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print(table([compare(*case) for case in CASES]))


if __name__ == "__main__":
    main()
