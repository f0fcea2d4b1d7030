"""What the tests of runs share: a folder of their own, and the processes that work with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from explorer import runs, training
from explorer.base import storage
from explorer.base.device import named
from explorer.data import datasets
from explorer.runs import Run, process, store
from explorer.runs.engines.local import processes
from explorer.training.recipes import Recipe

PATIENCE = 120.0  # seconds; everything here takes a few on a machine that is not busy

# Small and real: 8 × 8 digits at LeNet's size, 16 steps in an epoch.
SHORT = Recipe("lenet", dataset="digits", epochs=2, batch_size=32, train_subset=512, test_subset=64)

# A web server as far as runs go: it launches, asks and looks. One command of JSON a line.
SERVER = """
import json, sys, threading, time
from explorer import runs
runs.watch("cpu")
def poll():
    while True:
        runs.listed()
        time.sleep(0.1)
threading.Thread(target=poll, daemon=True).start()
for line in sys.stdin:
    verb, given = json.loads(line)
    if verb == "launch":
        from explorer.training import recipes
        given = recipes.from_json(given)
    try:
        answer = getattr(runs, verb)(given)
    except ValueError as error:
        answer = str(error)
    print(json.dumps(answer, default=vars), flush=True)
"""


def own_pictures(place: Path) -> Path:
    """A folder with two classes of six grey pictures, 28 × 28."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 6, 28, 28), dtype=np.uint8)
    for name, pictures in zip(("light", "dark"), noise, strict=True):
        (place / name).mkdir(parents=True)
        for number, each in enumerate(pictures):
            Image.fromarray(each).save(place / name / f"{number}.png")
    return place


class Server:
    """A process that stands for a web server."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SERVER],
            cwd=storage.PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "CONVSCOPE_HOME": str(storage.home())},
        )

    def ask(self, verb: str, argument: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([verb, argument]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            with suppress(OSError):
                pipe.close()


@contextmanager
def folder(home: Path) -> Iterator[Path]:
    """Everything that is kept, in `home`; no process that works with it is left behind."""
    with pytest.MonkeyPatch.context() as variables:  # else tests that follow would look in here
        variables.setenv(storage.VARIABLE, str(home))
        try:
            yield home
        finally:
            kill_all(home)


def kill_all(home: Path) -> None:
    """As if the machine had been switched off."""

    def none_is_left() -> bool:
        left = of_folder(home)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    until(none_is_left)  # one that was just starting another is followed by that


def of_folder(home: Path) -> list[int]:
    """Processes that were started to work with this folder (never the test's own)."""
    named = f"{storage.VARIABLE}={home}".encode()
    pids = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            alive = (place / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
            if alive and named in (place / "environ").read_bytes().split(b"\0"):
                pids.append(int(place.name))
    return [pid for pid in pids if pid != os.getpid()]


def unbroken(recipe: Recipe, steps: int | None = None) -> list[float]:
    """Every step's loss in a run on digits that was never interrupted, or the first ones."""
    losses, more = _trained_here(recipe)
    losses.extend(islice(more, None if steps is None else max(0, steps - len(losses))))
    return losses[:steps]


@cache
def _trained_here(recipe: Recipe) -> tuple[list[float], Iterator[float]]:
    """The losses that are there by now, and those that follow: the tests share them."""
    torch.set_num_threads(1)
    records = training.Training(recipe, datasets.load("digits"), named("cpu")).records()
    steps = (each for each in records if isinstance(each, training.Steps))
    return [], (loss for each in steps for loss in each.loss)


def host(device: str = "cpu") -> psutil.Process:
    """The process that gives this device's runs to workers."""
    return psutil.Process(process.pid_of(processes.host(device)))


def until(done: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def over(number: int) -> Run:
    """The run, once it has come to an end."""
    until(lambda: runs.get(number).status.over)
    return runs.get(number)


def going(number: int, step: int = 1) -> Run:
    """The run, once it has done some steps."""
    until(lambda: store.get(number).progress.step >= step or store.get(number).status.over)
    return store.get(number)
