"""Training on a GPU, checked and measured: `python -m benchmarks.gpu [--device cuda:0] [--small]`

Sized for eight minutes on a large card; what is not reached by then is said. It needs the training
alone, no server and no store, and where Fashion-MNIST is not here it makes up pictures of its size.

- Every run of the course for one epoch as `explorer.training` does it, tested and its weights
  copied: seconds, pictures a second, its share of the bound (the same step, recorded, on one fixed
  batch), and what became of recording the step.
- The same steps ordinary and replayed: milliseconds of each.
- A recording that breaks off on purpose: the run goes on as if nothing had been tried.
- A run that is paused and taken up again, and two runs at once in processes of their own, beside
  the unbroken run alone: how far their losses are apart. On a CPU not at all, on a GPU by rounding.

It prints Markdown. With `--small` a few batches of two networks are enough to try it on a CPU.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import torch

from benchmarks.training_parts import Invalidating, pictures, steps_alone
from explorer.base import device
from explorer.base.device import Device
from explorer.training import (
    Capture,
    Diverged,
    Epoch,
    HostBuffer,
    Peak,
    Started,
    State,
    Steps,
    Training,
    capture,
)
from explorer.training.capture import Recorder
from explorer.training.recipes import PRESETS, Recipe
from explorer.training.setting import Setting

MINUTES = 8.0
COURSE = tuple(name for name, preset in PRESETS.items() if preset.reported)
# Cheap networks first: whatever the time allows, something of everything is there.
PAUSED = ("lenet", "bn_lenet", "resnet18")
SMALL = ("lenet", "bn_lenet")
SMALL_BATCHES = 8  # with `--small`: enough to warm up, record and compare
BOUND_SECONDS = 1.0
COMPARED_STEPS = 50


def recipe_of(name: str, where: Device, *, small: bool) -> Recipe:
    """The course's recipe for one epoch; with `small` a few batches of it."""
    recipe = replace(PRESETS[name].recipes[0], epochs=1, device=where.name)
    if not small:
        return recipe
    few = {"batch_size": 32, "train_subset": 32 * SMALL_BATCHES, "test_subset": 64}
    return replace(recipe, **few)  # type: ignore[arg-type]


def finished(where: Device) -> None:
    """Wait for everything that the device has been given."""
    if where.kind != "cpu":
        torch.accelerator.synchronize()


# -- one epoch of each of the course's runs -------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """One epoch: its seconds in all, pictures a second while training, bytes held at most."""

    started: Started
    epoch: Epoch
    seconds: float
    peak: int
    outcome: Capture | None


def one_epoch(recipe: Recipe, where: Device) -> Measured:
    """Train, test and copy the weights to the CPU, from the first step.

    Raises:
        ValueError: it does not fit, or its numbers ran away.
    """
    peak = Peak(where)
    training = Training(recipe, pictures(), where)
    torch.set_num_threads(training.setting.threads)
    copied = HostBuffer(training.learner.device).copy
    start = time.perf_counter()
    started: Started | None = None
    epoch: Epoch | None = None
    outcome: Capture | None = None
    for record in training.records():
        match record:
            case Started():
                started = record
            case Capture():
                outcome = record
            case Epoch():
                epoch = record
                training.weights(copied)
            case Diverged():
                raise ValueError(str(record.reason))
    seconds = time.perf_counter() - start
    assert started is not None
    assert epoch is not None
    return Measured(started, epoch, seconds, peak.growth(), outcome)


def bound_rate(recipe: Recipe, where: Device, seconds: float) -> float:
    """Pictures a second of the step alone."""
    steps = steps_alone(Setting.of(recipe, pictures(), where))
    for _step in range(2 * capture.WARM_UP):
        next(steps)
    finished(where)
    images, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        images += sum(next(steps) for _again in range(10))
        finished(where)
    return images / (time.perf_counter() - start)


EPOCHS_HEAD = """
| run of the course | size, batch | products in | epoch | pictures/s | bound/s | of the bound \
| step | memory |
|:--|:--|:--|--:|--:|--:|--:|:--|--:|"""


def epoch_row(name: str, where: Device, *, small: bool) -> str:
    """One run's line."""
    recipe = recipe_of(name, where, small=small)
    measured = one_epoch(recipe, where)
    bound = bound_rate(recipe, where, BOUND_SECONDS / 10 if small else BOUND_SECONDS)
    share = measured.started.train_images / bound / measured.seconds  # testing and copying included
    cells = [
        f"{recipe.size}, {recipe.batch_size}",
        measured.started.precision,
        f"{measured.seconds:.2f} s",
        f"{measured.epoch.images_per_second:.0f}",
        f"{bound:.0f}",
        f"{share:.2f}",
        launched(measured.outcome),
        f"{measured.peak / 1e9:.2f} GB",
    ]
    return f"{' | '.join(cells)} |"


def launched(outcome: Capture | None) -> str:
    """What became of recording the step."""
    if outcome is None:
        return "ordinary"
    if outcome.captured:
        return "replayed"
    far = "no numbers" if outcome.excess is None else f"{outcome.excess:.3g} times what is let pass"
    why = outcome.error or (far if outcome.reason == "differs" else "")
    return f"ordinary: {outcome.reason}{why and f' ({why})'}"


# -- ordinary and replayed steps ------------------------------------------------------------------

STEPS_HEAD = """
| run of the course | ordinary step | replayed step | times faster |
|:--|--:|--:|--:|"""


def steps_row(name: str, where: Device, *, small: bool) -> str:
    """Milliseconds of a step on one fixed batch, operation by operation and as one graph."""
    recipe = recipe_of(name, where, small=small)
    setting = Setting.of(recipe, pictures(), where)
    count = 5 if small else COMPARED_STEPS
    ordinary = _milliseconds(lambda: steps_alone(setting, capture.never), where, count)
    if capture.recorder(where) is None:
        return f"{ordinary:.2f} ms | not on this device | |"
    replayed = _milliseconds(lambda: steps_alone(setting), where, count)
    return f"{ordinary:.2f} ms | {replayed:.2f} ms | {ordinary / replayed:.1f} |"


def _milliseconds(steps: Callable[[], Iterator[int]], where: Device, count: int) -> float:
    """The median of five bunches of steps."""
    running = steps()
    for _step in range(2 * capture.WARM_UP):
        next(running)
    times = []
    for _bunch in range(5):
        finished(where)
        start = time.perf_counter()
        for _step in range(count):
            next(running)
        finished(where)
        times.append((time.perf_counter() - start) / count)
    return 1000 * statistics.median(times)


# -- paused and taken up, and two at once ---------------------------------------------------------

PAUSED_HEAD = """
| run of the course | losses compared | alone again | paused and taken up | two at once |
|:--|--:|--:|--:|--:|"""


def losses(
    recipe: Recipe,
    where: Device,
    pause_after: int = 0,
    recorder_for: Callable[[Device], Recorder | None] = capture.recorder,
) -> list[float]:
    """Every step's loss; with `pause_after` steps the run ends there and another goes on."""
    values: list[float] = []
    state: State | None = None
    for last in (False, True) if pause_after else (True,):
        training = Training(recipe, pictures(), where, state, recorder_for)
        torch.set_num_threads(1)  # another number would add in another order
        for record in training.records():
            if isinstance(record, Steps):
                values += record.loss
            if not last and len(values) >= pause_after:
                state = training.state()
                break
    return values


def apart(one: list[float], other: list[float]) -> str:
    """The largest relative difference of two curves."""
    assert len(one) == len(other)
    most = max(abs(a - b) / abs(a) for a, b in zip(one, other, strict=True))
    return f"{most:.1e}" if most else "0"


def short(name: str, where: Device, *, small: bool) -> Recipe:
    """Enough steps to be paused in the second epoch."""
    recipe = recipe_of(name, where, small=small)
    return replace(recipe, epochs=2, train_subset=recipe.batch_size * SMALL_BATCHES * 2)


def paused_row(name: str, where: Device, *, small: bool) -> str:
    """One run's curve beside the same run's: alone again, resumed, with another at its side."""
    recipe = short(name, where, small=small)
    alone = losses(recipe, where)
    resumed = losses(recipe, where, pause_after=3 * len(alone) // 4)
    cells = [
        str(len(alone)),
        apart(alone, losses(recipe, where)),
        apart(alone, resumed),
        " and ".join(apart(alone, each) for each in at_once(name, where, small=small)),
    ]
    return f"{' | '.join(cells)} |"


def at_once(name: str, where: Device, *, small: bool) -> list[list[float]]:
    """The curves of two runs that share the device, each in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--device", where.name, "--losses", name]
    command += ["--small"] if small else []
    with ExitStack() as started:
        both = []
        for _run in range(2):
            both.append(started.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE)))
            started.callback(both[-1].kill)  # whatever becomes of the other, none is left behind
        return [_losses_of(each) for each in both]


def _losses_of(process: "subprocess.Popen[bytes]") -> list[float]:
    """What a process prints.

    Raises:
        RuntimeError: it failed.
    """
    printed = process.communicate()[0]
    if process.returncode:
        raise RuntimeError(f"a run beside another ended with status {process.returncode}")
    return list(json.loads(printed))


# -- a recording that breaks off ------------------------------------------------------------------

BROKEN_HEAD = """
| run of the course | a number fetched while a step is recorded | from ordinary steps |
|:--|:--|--:|"""
BROKEN = ("alexnet",)  # with dropout: its random numbers take part in the recording


def broken_row(name: str, where: Device, *, small: bool) -> str:
    """The run goes on, with other steps' random numbers and memory untouched."""
    own = capture.recorder(where)
    if own is None:
        return "not on this device | |"
    recipe, recorder = short(name, where, small=small), Invalidating(own)
    went_on = losses(recipe, where, recorder_for=lambda _device: recorder)
    ordinary = losses(recipe, where, recorder_for=capture.never)
    return f"{recorder.error} | {apart(ordinary, went_on)} |"


# -- all of it ------------------------------------------------------------------------------------


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Checks and measures training on a GPU.")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0 …")
    parser.add_argument("--small", action="store_true", help="a few batches of two networks")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="begin nothing later")
    parser.add_argument("--losses", help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        where = device.named(options.device)
    except ValueError as error:
        parser.error(str(error))
    device.use(where)
    if options.losses:
        print(json.dumps(losses(short(options.losses, where, small=options.small), where)))
        return
    report(where, small=options.small, end=time.monotonic() + 60 * options.minutes)


def report(where: Device, *, small: bool, end: float) -> None:
    """Table by table, line by line, until the time is up."""
    print(f"{where.title}, torch {torch.__version__}", flush=True)
    parts: list[tuple[str, tuple[str, ...], Callable[..., str]]] = [
        (PAUSED_HEAD, PAUSED, paused_row),
        (BROKEN_HEAD, BROKEN, broken_row),
        (STEPS_HEAD, COURSE, steps_row),
        (EPOCHS_HEAD, COURSE, epoch_row),
    ]
    for head, names, row in parts:
        print(head, flush=True)
        for name in (each for each in names if not small or each in SMALL):
            late = time.monotonic() > end
            cells = "not reached |" if late else _row(row, name, where, small=small)
            print(f"| {name} | {cells}", flush=True)


def _row(row: Callable[..., str], name: str, where: Device, *, small: bool) -> str:
    """What comes after the name; the machine is lent for once, so a failure ends only its line."""
    try:
        return row(name, where, small=small)
    except (RuntimeError, ValueError, OSError, AssertionError) as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())} |"


if __name__ == "__main__":
    main()
