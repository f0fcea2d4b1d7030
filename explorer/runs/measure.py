"""What a run will take, measured: a few of its steps, in a process of its own.

The page's script must not train, and the server must stay free for others; so the steps are done
by `python -m explorer.runs.measure`, which reads a recipe from its input and writes the budget.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

import torch

from explorer import training
from explorer.base import device
from explorer.base.device import Device
from explorer.base.language import _
from explorer.base.storage import PROJECT
from explorer.data import datasets
from explorer.runs import watchdog
from explorer.runs.records import LOCAL
from explorer.training import Budget, recipes
from explorer.training.recipes import Recipe
from explorer.training.setting import Setting

LONGEST = 180  # seconds: a large network on a slow machine
PATIENCE = 20  # seconds: for a run that trains
INTERVAL = 0.2  # seconds between two signs of life
KINDNESS = 10  # on the scale of `nice`, as the run itself: visitors' clicks go before


def measure(recipe: Recipe, meanwhile: Callable[[float], None]) -> Budget:
    """Parameters, memory and time of this run on its device; takes some seconds.

    `meanwhile` is called with the seconds since this waits for the device, then since it is
    measured, several times each second; what it raises ends all of it.

    Raises:
        ValueError: it cannot be trained, does not fit into memory, or took too long to tell; or
            another run trains on the device.
    """
    given = json.dumps(recipes.as_json(recipes.check(recipe)))
    _await_the_device(device.named(recipe.device), meanwhile)
    said = _measured(given, meanwhile)
    answer = json.loads(said.splitlines()[-1])
    if "error" in answer:
        raise ValueError(answer["error"])
    return Budget(**answer)


def _await_the_device(wanted: Device, meanwhile: Callable[[float], None]) -> None:
    """Beside a run that trains there both would be slower, and the figure wrong."""
    busy = _(
        "A run is being trained on {device}: measured beside it, this one would seem slower than "
        "it is, and slow it down. Measure when it is done, or launch: this one then waits its turn."
    )
    late = busy.format(device=wanted.title)
    _until(lambda: _is_idle(wanted), PATIENCE, late, meanwhile)


def _is_idle(wanted: Device) -> bool:
    """Whether no run trains there, nor a dead worker seems to; if one does, after the interval."""
    going = [run for run in watchdog.listed() if run.status.active and run.engine == LOCAL]
    if all(run.device != wanted.name for run in going):
        return True
    time.sleep(INTERVAL)
    return False


def _measured(given: str, meanwhile: Callable[[float], None]) -> str:
    """What the process says that measures the recipe `given`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer.runs.measure"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=PROJECT,
        env={**os.environ, **training.environment()},
    )
    assert process.stdin
    assert process.stdout
    with process:  # waits for its end
        try:
            with suppress(BrokenPipeError):  # it has ended already: its status is told below
                process.stdin.write(given)
                process.stdin.close()
            slow = _("A few steps took over {n} s. Choose a smaller batch or size.")
            _until(lambda: _ended(process), LONGEST, slow.format(n=LONGEST), meanwhile)
            said = process.stdout.read()  # one line, which a pipe holds
        except BaseException:  # a visitor's click, too
            process.kill()
            raise
    if process.returncode:
        told = _("The steps could not be measured: their process ended ({status}).")
        raise ValueError(told.format(status=process.returncode))
    return said


def _ended(process: "subprocess.Popen[str]") -> bool:
    """Whether it ends within the interval."""
    try:
        process.wait(INTERVAL)
    except subprocess.TimeoutExpired:
        return False
    return True


def _until(
    done: Callable[[], bool], longest: float, late: str, meanwhile: Callable[[float], None]
) -> None:
    """Ask `done`, which takes up to an interval, until it is so; `late` is said after `longest`."""
    began = time.monotonic()
    while not done():
        passed = time.monotonic() - began
        if passed > longest:
            raise ValueError(late)
        meanwhile(passed)


def main() -> None:
    """Measure the recipe that comes in; what comes out is a budget, or a sentence."""
    recipe = recipes.from_json(json.load(sys.stdin))
    os.nice(KINDNESS)
    try:
        data = datasets.load(recipe.dataset, path=recipe.path or None)
        here = device.named(recipe.device)
        torch.set_num_threads(Setting.of(recipe, data, here).threads)
        answer = asdict(training.estimate(recipe, data, here))
    except ValueError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
