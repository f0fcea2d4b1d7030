"""What a run will take, measured: a few of its steps, in a process of its own.

The page's script must not train, and the server must stay free for others; so the steps are done
by `python -m explorer.runs.measure`, which reads a recipe from its input and writes the budget: on
its command line everybody on the machine could read whose pictures lie where.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
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

SECONDS_TO_MEASURE = 180  # seconds: a large network on a slow machine
SECONDS_TO_WAIT = 20  # seconds: for a run that trains
INTERVAL = 0.2  # seconds between two signs of life
TAIL = 2000  # characters of what the process says of its own failure, for the log
KINDNESS = 10  # on the scale of `nice`, as the run itself: visitors' clicks go before

log = logging.getLogger("runs")


def measure(recipe: Recipe, meanwhile: Callable[[], None]) -> Budget:
    """Parameters, memory and time of this run on its device; takes some seconds.

    `meanwhile` is called several times each second; what it raises ends all of it.

    Raises:
        ValueError: it cannot be trained, does not fit into memory, or took too long to tell; or
            another run trains on the device.
    """
    recipe_json = json.dumps(recipes.as_json(recipes.check(recipe)))
    _await_idle(device.named(recipe.device), meanwhile)
    answer = json.loads(_answer(recipe_json, meanwhile).splitlines()[-1])
    if "error" in answer:
        raise ValueError(answer["error"])
    return Budget(**answer)


def _await_idle(target: Device, meanwhile: Callable[[], None]) -> None:
    """Beside a run that trains there both would be slower, and the figure wrong."""
    end = time.monotonic() + SECONDS_TO_WAIT
    busy = _(
        "A run is being trained on {device}: measured beside it, this one would seem slower than "
        "it is, and slow it down. Measure when it is done, or launch: this one then waits its turn."
    )
    while not _is_idle(target):
        _go_on(end, busy.format(device=target.title), meanwhile)
        time.sleep(INTERVAL)


def _go_on(end: float, late: str, meanwhile: Callable[[], None]) -> None:
    """Whoever waits is told so; past the `end` why that is too long."""
    if time.monotonic() > end:
        raise ValueError(late)
    meanwhile()


def _is_idle(target: Device) -> bool:
    """Whether no run trains there, nor a dead worker seems to."""
    going = [run for run in watchdog.listed() if run.status.active and run.engine == LOCAL]
    return all(run.device != target.name for run in going)


def _answer(recipe_json: str, meanwhile: Callable[[], None]) -> str:
    """What the process says that measures the recipe."""
    end = time.monotonic() + SECONDS_TO_MEASURE
    question, answer = recipe_json, None
    slow = _("A few steps took over {n} s. Choose a smaller batch or size.")
    with subprocess.Popen(  # waits for its end
        [sys.executable, "-m", "explorer.runs.measure"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, **training.environment()},
    ) as process:
        try:
            while answer is None:
                try:
                    answer, errors = process.communicate(question, INTERVAL)
                except subprocess.TimeoutExpired:
                    question = ""  # it has been asked
                    _go_on(end, slow.format(n=SECONDS_TO_MEASURE), meanwhile)
        except BaseException:  # a visitor's click, too
            process.kill()
            raise
    if process.returncode:
        log.warning("measuring ended with %s: %s", process.returncode, errors[-TAIL:])
        ended = _("The steps could not be measured: their process ended ({status}).")
        raise ValueError(ended.format(status=process.returncode))
    return str(answer)


def main() -> None:
    """Measure the recipe that comes in; what comes out is a budget, or a sentence."""
    recipe = recipes.from_json(json.load(sys.stdin))
    os.nice(KINDNESS)
    try:
        data = datasets.load(recipe.dataset, path=recipe.path or None)
        here = device.named(recipe.device)
        # What comes with the first optimiser is in the process that runs are forked from.
        torch.optim.Adam(torch.nn.Linear(1, 1).parameters(), fused=True)
        torch.set_num_threads(Setting.of(recipe, data, here).threads)
        answer = asdict(training.estimate(recipe, data, here))
    except ValueError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
