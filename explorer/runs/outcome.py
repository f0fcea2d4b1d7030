"""What a run's network answers on the test pictures, with the pictures themselves."""

from functools import lru_cache
from typing import Any

import numpy as np

from explorer import runs, training
from explorer.data import datasets
from explorer.data.datasets import Data, Split
from explorer.runs import Run, confusion, learned
from explorer.runs.confusion import Answers

MOST_PICTURES = 24


def data(run: Run) -> Data:
    """What it is trained on.

    Raises:
        ValueError: its data set cannot be had here (any more).
    """
    recipe = run.recipe
    if recipe.path:
        return _own_data(recipe.dataset, recipe.path)
    return datasets.load(recipe.dataset)


@lru_cache(maxsize=4)
def _own_data(name: str, path: str) -> Data:
    """A folder's pictures need not be looked through again for every question."""
    return datasets.load(name, path=path)


@lru_cache(maxsize=32)
def _answers(number: int, _session: float | None, epoch: int) -> Answers:
    """Read once for all who look; frozen, as everyone gets the same arrays."""
    run = runs.get(number)
    found = runs.predictions(number, epoch)
    test = data(run).test
    rows = training.chosen(len(test), run.recipe.test_subset)
    return Answers(
        rows=rows.numpy(),
        labels=test.labels[rows].numpy(),
        predicted=found.predicted,
        confidence=np.nan_to_num(found.confidence),
        true_probability=np.nan_to_num(found.true_probability),
        classes=len(data(run).classes),
    )


def answers(run: Run, epoch: int) -> Answers:
    """What it answered at the end of an epoch.

    Raises:
        ValueError: that epoch is not done, or its data set cannot be loaded.
    """
    return _answers(run.id, run.claimed_at, epoch)


def of_epoch(run: Run, epoch: int) -> dict[str, Any]:
    """All that is shown of one epoch; before the first, only kernels and answers to the samples."""
    found = runs.snapshot(run.id, epoch)
    shown: dict[str, Any] = now(found)
    if epoch > 0:
        given = answers(run, epoch)
        shown["matrix"] = confusion.matrix(given)
        shown["worst"] = _with_pictures(run, confusion.worst(given, MOST_PICTURES))
    return shown


def now(found: "runs.SnapshotRow | None") -> dict[str, Any]:
    """Kernels and answers to the samples at one moment."""
    if found is None:
        return {"kernels": None, "answers": []}
    return {
        "kernels": learned.kernels(found.kernels),
        "answers": learned.likeliest(found.probabilities),
    }


def of_cell(run: Run, epoch: int, label: int, predicted: int) -> list[dict[str, Any]]:
    """Pictures of one class that were taken for another (or rightly for the same)."""
    return _with_pictures(run, confusion.cell(answers(run, epoch), label, predicted, MOST_PICTURES))


def samples(run: Run) -> dict[str, Any]:
    """The handful of test pictures that the snapshots answer to; none before the run began."""
    rows = [int(row) for row in run.metadata.get("samples", ())]
    if not rows:
        return {"classes": [], "items": []}
    given = data(run)
    return {"classes": given.classes, "items": [_item(given.test, row) for row in rows]}


def _item(test: Split, row: int) -> dict[str, Any]:
    label = int(test.labels[row])
    return {"row": row, "label": label, "png": learned.picture(test.pictures[row])}


def _with_pictures(run: Run, told: list[confusion.Answer]) -> list[dict[str, Any]]:
    pictures = data(run).test.pictures
    return [{**each, "png": learned.picture(pictures[each["row"]])} for each in told]
