"""What an epoch takes as a run's worker does it: trained, tested, saved, its rows written."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from tempfile import TemporaryDirectory

from explorer import runs
from explorer.base import device, storage
from explorer.runs import process, store
from explorer.runs.engines.local.worker import Worker
from explorer.training import environment, recipes
from explorer.training.recipes import Recipe


def seconds_per_epoch(recipe: Recipe) -> float:
    """The second epoch of a run, as its worker trains, tests, saves and records it.

    In a process of its own: a worker listens to signals, and a home of its own is thrown away.
    """
    with TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.whole_epochs"],
            input=json.dumps(recipes.as_json(replace(recipe, epochs=2))),
            env={**os.environ, **environment(), storage.VARIABLE: home},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    first, second = json.loads(done.stdout)
    return float(second - first)


def work() -> None:
    """In that process: train the recipe that comes in, and answer with the time at each epoch's
    end."""
    there = device.detect().name
    number = store.add(sys.stdin.read(), "benchmark", there)
    store.claim(there, process.own())
    answer = os.dup(sys.stdout.fileno())  # what a worker prints goes into its run's folder
    Worker(number).work()
    run = runs.get(number)
    if run.status is not runs.Status.FINISHED:
        sys.exit(str(run.reason))
    os.write(answer, json.dumps([row.seconds for row in runs.epochs(number)]).encode())


if __name__ == "__main__":
    work()
