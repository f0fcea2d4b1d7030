"""Images a second: this training loop, the course's own, and the bound of both.

`python -m benchmarks.training [--quick] [--networks lenet,vgg11] [--epochs]`

- The course's loop, as its notebooks write it: a data set of Pillow images, torchvision's `Resize`
  and `ToTensor`, a `DataLoader` with 0, 2 or 4 workers, plain Adam, `.item()` at every step.
- Ours: `explorer.training`, pulled as a run's worker pulls it, without the test at an epoch's end.
- The bound: the same network, number format, layout, threads, optimiser and deterministic settings
  on one fixed batch that is already in memory; on a GPU as one recorded graph. Nothing is loaded,
  measured or reported.

With `--epochs` (on a GPU always) a run's own worker trains two epochs of each network; the second
one's seconds are given, testing, saving and rows included.

Each contender is a process of its own, started with the environment that it really has. They take
turns, so that a slow moment of the machine hits all of them; the table gives medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from benchmarks.training_parts import seconds_per_epoch, steps_alone
from explorer import networks
from explorer.base import device
from explorer.base.torchvision_import import torchvision
from explorer.data import datasets
from explorer.data.datasets import Data
from explorer.training import Snapshot, Steps, Training, environment
from explorer.training.learner import initialise
from explorer.training.machine import cores
from explorer.training.recipes import Recipe, course_recipe
from explorer.training.setting import Setting

ON_GPU = torch.cuda.is_available()
NETWORKS = (
    "lenet",
    "bn_lenet",
    "resnet18",
    "densenet",
    "vgg11",
    "alexnet",
    "nin",
    "googlenet",
)
COURSE_CASES = {name: course_recipe(name) for name in NETWORKS}
CPU_CASES = {
    **COURSE_CASES,
    "resnet18": replace(course_recipe("resnet18"), size=96),
    "vgg11": replace(course_recipe("vgg11", {"conv_ratio": 8, "fc_ratio": 8}), batch_size=32),
}
# A GPU takes the course's own sizes, so that its seconds per epoch are comparable.
CASES = COURSE_CASES if ON_GPU else CPU_CASES
CONTENDERS = ("course, 0 workers", "course, 2 workers", "course, 4 workers", "ours", "bound")
OURS = {"ours", "bound"}  # those that are started with our environment


# -- the contenders: each yields the number of pictures of a step when the step is done ------------


class Pictures(Dataset[tuple[Tensor, int]]):
    """Fashion-MNIST as torchvision's own class hands it out: one Pillow image at a time."""

    def __init__(self, data: Data, size: int) -> None:
        transforms = torchvision.transforms
        steps = [] if size == data.shape[1] else [transforms.Resize((size, size))]
        self.transform = transforms.Compose([*steps, transforms.ToTensor()])
        self.pictures, self.labels = data.train.pictures[:, 0], data.train.labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.pictures[index].numpy())
        return self.transform(image), int(self.labels[index])


def course(recipe: Recipe, data: Data, workers: int) -> Iterator[int]:
    """The ordinary loop."""
    where = device.torch_device(device.detect())
    network: nn.Module = networks.get(recipe.network).build(**recipe.options)
    network = initialise(network, recipe.initialisation).to(where)
    optimiser = torch.optim.Adam(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    loss_function = nn.CrossEntropyLoss()
    pictures = Pictures(data, recipe.size)
    with warnings.catch_warnings():  # more workers than cores are what is asked for
        warnings.simplefilter("ignore")
        loader = DataLoader(pictures, recipe.batch_size, shuffle=True, num_workers=workers)
    loss_sum, right, images = 0.0, 0.0, 0
    network.train()
    while True:
        for batch, truth in loader:
            inputs, labels = batch.to(where), truth.to(where)
            answers = network(inputs)
            loss = loss_function(answers, labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss_sum += loss.item()
            right += (answers.argmax(dim=1) == labels).sum().item()
            images += len(labels)
            yield len(labels)


def ours(recipe: Recipe, data: Data) -> Iterator[int]:
    """Our loop with all that it reports. Testing is no training: None instead of a number."""
    training = Training(replace(recipe, epochs=1000), data, device.detect())
    torch.set_num_threads(training.setting.threads)
    images = 0
    for record in training.records():
        if isinstance(record, Steps):
            yield record.images - images
            images = record.images
        else:
            yield 0 if isinstance(record, Snapshot) else -1


def bound(recipe: Recipe, data: Data) -> Iterator[int]:
    """The step alone."""
    setting = Setting.of(recipe, data, device.detect())
    torch.set_num_threads(setting.threads)
    return steps_alone(setting)


def contender(name: str, recipe: Recipe, data: Data) -> Iterator[int]:
    """The contender of that name."""
    if name.startswith("course"):
        return course(recipe, data, int(name.split()[1]))
    return ours(recipe, data) if name == "ours" else bound(recipe, data)


# -- a process per contender -----------------------------------------------------------------------


def attend(name: str, network: str) -> None:
    """In the contender's process: for every number of seconds asked, answer with a rate."""
    recipe = CASES[network]
    steps = contender(name, recipe, datasets.load(recipe.dataset))
    for line in sys.stdin:
        print(json.dumps(rate(steps, float(line))), flush=True)


def rate(steps: Iterator[int], seconds: float) -> float:
    """Images a second, over at least so many seconds of training."""
    images, took = 0, 0.0
    while took < seconds:
        start = time.perf_counter()
        done = next(steps)
        if done >= 0:
            images += done
            took += time.perf_counter() - start
    if ON_GPU:
        start = time.perf_counter()
        torch.cuda.synchronize()
        took += time.perf_counter() - start
    return images / took


class Process:
    """A contender, waiting for its turn."""

    def __init__(self, name: str, network: str) -> None:
        plain = {key: value for key, value in os.environ.items() if key not in environment()}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.training", "--attend", name, network],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**plain, **environment()} if name in OURS else plain,
        )

    def turn(self, seconds: float) -> float:
        """Let it train; images a second."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{seconds}\n")
        self._child.stdin.flush()
        return float(self._child.stdout.readline())

    def end(self) -> None:
        """Close its questions: it ends by itself, and its workers with it."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()


@dataclass
class Result:
    """Images a second of each contender, turn by turn."""

    network: str
    rates: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        """The middle one."""
        return statistics.median(self.rates[name])

    def ratio(self, above: str, below: str) -> float:
        """The median of the ratios within each turn: the machine's moments cancel out."""
        pairs = zip(self.rates[above], self.rates[below], strict=True)
        return statistics.median(a / b for a, b in pairs)

    @property
    def best_of_course(self) -> str:
        """The course's loop with the number of workers that serves it best."""
        return max((name for name in self.rates if name not in OURS), key=self.median)


def compare(network: str, turns: int, seconds: float) -> Result:
    """All contenders on one network, in turns; a first, shorter turn is not counted."""
    processes = {name: Process(name, network) for name in CONTENDERS}
    result = Result(network, {name: [] for name in CONTENDERS})
    try:
        for process in processes.values():
            process.turn(seconds / 2)
        for _turn in range(turns):
            for name, process in processes.items():
                result.rates[name].append(process.turn(seconds))
    finally:
        for process in processes.values():
            process.end()
    return result


# -- the table -------------------------------------------------------------------------------------

HEAD = (
    "| network, size, batch | course, 0 / 2 / 4 workers | ours | × course's best | bound "
    "| share of it | numbers, threads |{epoch}{peak}\n|:--|--:|--:|--:|--:|--:|:--|{lines}"
)


def row(result: Result, data: Data, peak: float, *, epochs: bool) -> str:
    """One network's line."""
    recipe = CASES[result.network]
    setting = Setting.of(recipe, data, device.detect())
    course_rates = " / ".join(f"{result.median(name):.0f}" for name in CONTENDERS[:3])
    own = result.median("ours")
    cells = [
        f"{result.network}, {recipe.size}, {recipe.batch_size}",
        course_rates,
        f"{own:.0f}",
        f"{result.ratio('ours', result.best_of_course):.2f}",
        f"{result.median('bound'):.0f}",
        f"{result.ratio('ours', 'bound'):.3f}",
        f"{setting.numbers.name}, {setting.threads}",
    ]
    if epochs:
        cells.append(f"{seconds_per_epoch(recipe):.1f} s")
    if peak:
        cells.append(f"{3 * setting.flops * own / peak:.1%}")
    return f"| {' | '.join(cells)} |"


def measured_peak() -> float:
    """FLOPs a second of a GPU's largest products in bfloat16; 0 without one."""
    if not ON_GPU:
        return 0.0
    side = 8192
    matrix = torch.randn(side, side, device="cuda", dtype=torch.bfloat16)
    return 2 * side**3 * 20 / timed(lambda: [matrix @ matrix for _again in range(20)])


def timed(work: Callable[[], object]) -> float:
    """Seconds that a GPU takes for `work`, after a first time."""
    for _again in range(2):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Images a second in training.")
    parser.add_argument("--quick", action="store_true", help="a third of the turns, shorter")
    parser.add_argument("--networks", default=",".join(CASES), help="some of: " + ", ".join(CASES))
    parser.add_argument("--epochs", action="store_true", help="and whole epochs, as runs do them")
    parser.add_argument("--attend", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attend:
        attend(*options.attend)
    else:
        names = options.networks.split(",")
        if unknown := [name for name in names if name not in CASES]:
            parser.error(f"no case is called {unknown[0]}; there are: {', '.join(CASES)}")
        table(names, quick=options.quick, epochs=options.epochs or ON_GPU)


def table(names: list[str], *, quick: bool, epochs: bool) -> None:
    """Measure and print, network by network."""
    where = device.detect()
    peak = measured_peak()
    data = datasets.load("fashion_mnist")
    print(f"{where.title}, {cores()} cores, torch {torch.__version__}; images a second, medians\n")
    print(
        HEAD.format(
            epoch=" epoch |" if epochs else "",
            peak=" share of peak |" if peak else "",
            lines="--:|" * (epochs + bool(peak)),
        ),
        flush=True,
    )
    turns, seconds = (3, 1.0) if quick else (9, 2.0)
    for network in names:
        print(row(compare(network, turns, seconds), data, peak, epochs=epochs), flush=True)


if __name__ == "__main__":
    main()
