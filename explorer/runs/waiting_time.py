"""When a run gets its turn and how long it takes, from the rates that were measured."""

import json
from collections.abc import Mapping
from math import inf
from statistics import median
from typing import Any

from explorer.runs import engines, store
from explorer.runs.records import ACTIVE, LOCAL, Expected, Run, Status, kind_of, takers

# Two runs that agree in these do the same work for each picture.
_SAME_WORK = ("network", "options", "dataset", "size", "batch_size", "optimizer", "precision")


def expected(run: Run) -> Expected:
    """A queued run waits for those before it; a going one needs what is left at its pace."""
    if run.status.over:
        return Expected(0, None, None)
    rates = _rates(run.engine, run.device)
    left = _left(run, rates)
    if run.status.active:
        return Expected(0, 0.0, left)
    position, until = _turn(run.engine, run.device, run.queue_position, rates)
    return Expected(position, until, left)


def next_turn(device: str, engine: str = LOCAL) -> Expected:
    """When a run would get its turn that is launched now and asks for this device.

    Raises:
        ValueError: there is no such device.
    """
    queue = engines.get(engine).resolve(device)
    position, until = _turn(engine, queue, inf, _rates(engine, queue))
    return Expected(position, until, None)


def _turn(
    engine: str, queue: str, queue_position: float, rates: Mapping[str, float]
) -> tuple[int, float | None]:
    """Position and seconds until the start of who waits there: each device takes who is first."""
    free, position = _seconds_until_free(engine, queue, rates), 1
    ours = takers(free, queue)
    for other in store.with_status(Status.QUEUED, engine=engine, device=kind_of(queue)):
        theirs = takers(free, other.device)
        if other.queue_position < queue_position and theirs:
            left = _left(other, rates)
            free[min(theirs, key=free.__getitem__)] += inf if left is None else left
            position += not {*ours}.isdisjoint(theirs)
    until = min(free[name] for name in ours)
    return position, until if until < inf else None


def _seconds_until_free(engine: str, queue: str, rates: Mapping[str, float]) -> dict[str, float]:
    """For each device that such a run may compete for; infinite where no rate is known."""
    names = takers((each.name for each in engines.devices(engine)), kind_of(queue))
    free = dict.fromkeys(names if takers(names, queue) else [queue], 0.0)
    for run in store.with_status(*ACTIVE, engine=engine, device=kind_of(queue)):
        left = _left(run, rates)
        if run.device in free:
            free[run.device] += inf if left is None else left
    return free


def _left(run: Run, rates: Mapping[str, float]) -> float | None:
    """Seconds of training still to do: at its own pace, at that of its like, or as estimated."""
    if run.seconds_left is not None:
        return run.seconds_left
    like, pictures = rates.get(_work(run)), _pictures(run)
    return run.estimate if like is None or pictures is None else like * pictures


def _rates(engine: str, device: str) -> dict[str, float]:
    """Kind of work → median seconds for a picture, over the runs that did it on such a device."""
    times: dict[str, list[float]] = {}
    done = (Status.FINISHED, Status.STOPPED, Status.RUNNING)
    for run in store.with_status(*done, engine=engine, device=kind_of(device)):
        pace, steps, pictures = run.seconds_a_step, run.progress.total_steps, _pictures(run)
        if pace is not None and steps and pictures:
            times.setdefault(_work(run), []).append(pace * steps / pictures)
    return {work: median(each) for work, each in times.items()}


def _recipe(run: Run) -> Mapping[str, Any]:
    """As it was written, by whatever version."""
    return dict(json.loads(run.recipe_json))


def _work(run: Run) -> str:
    recipe = _recipe(run)
    return json.dumps([recipe.get(name) for name in _SAME_WORK], sort_keys=True)


def _pictures(run: Run) -> float | None:
    """How much there is to do: pictures of all epochs, those to test with at what they cost.

    None for pictures of one's own that are gone or that nobody has read yet.
    """
    from explorer.training import TEST_SHARE  # brings torch; a host does without

    recipe = _recipe(run)
    train, test = (run.metadata.get(f"{split}_images", 0) for split in ("train", "test"))
    if not train:  # its training has not counted them yet
        from explorer.data import datasets  # brings torch

        try:
            whole = datasets.get(recipe.get("dataset", ""))
        except ValueError:
            return None
        train = recipe.get("train_subset") or whole.train_count
        test = recipe.get("test_subset") or whole.test_count
    return float(recipe.get("epochs", 0) * (train + test * TEST_SHARE)) if train else None
