"""When a run gets its turn and how long it takes, from the rates that were measured."""

import json
from collections.abc import Mapping
from statistics import median
from typing import Any

from explorer.runs import store
from explorer.runs.records import ACTIVE, Expected, Run, Status

# Two runs that agree in these do the same work for each picture.
_SAME_WORK = ("network", "options", "dataset", "size", "batch_size", "optimizer", "precision")


def expected(run: Run) -> Expected:
    """A queued run waits for those before it; a going one needs what is left at its pace."""
    if run.status.over:
        return Expected(0, None, None)
    rates = _rates(run.device)
    if run.status.active:
        return Expected(0, 0.0, _left(run, rates))
    queue = store.with_status(Status.QUEUED, device=run.device)
    before = [other for other in queue if other.place < run.place]
    going = store.with_status(*ACTIVE, device=run.device)
    times = [_left(other, rates) for other in (*going, *before)]
    until = None if None in times else sum(time for time in times if time is not None)
    return Expected(len(before) + 1, until, _left(run, rates))


def _left(run: Run, rates: Mapping[str, float]) -> float | None:
    """Seconds of training still to do: at its own pace, at that of its like, or as estimated."""
    own = run.seconds_left
    if own is not None:
        return own
    recipe = json.loads(run.settings)
    like = rates.get(_work(recipe))
    return run.estimate if like is None else like * _share(recipe)


def _rates(device: str) -> dict[str, float]:
    """Kind of work → median seconds per epoch, of whole pictures, over the runs that did it."""
    seen: dict[str, list[float]] = {}
    for run in store.with_status(Status.FINISHED, Status.STOPPED, Status.RUNNING, device=device):
        pace, steps = run.seconds_a_step, run.progress.total_steps
        recipe = json.loads(run.settings)
        if pace is not None and steps:
            seen.setdefault(_work(recipe), []).append(pace * steps / _share(recipe))
    return {work: median(times) for work, times in seen.items()}


def _work(recipe: Mapping[str, Any]) -> str:
    return json.dumps([recipe.get(name) for name in _SAME_WORK], sort_keys=True)


def _share(recipe: Mapping[str, Any]) -> float:
    """How much of it there is: epochs, times pictures where a subset is taken."""
    return float(recipe["epochs"]) * float(recipe.get("train_subset") or 1)
