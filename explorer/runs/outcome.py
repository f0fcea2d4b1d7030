"""What a run's network has learned: kernels, answers, and what it takes for what."""

import io
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from explorer import runs, training
from explorer.base.language import _
from explorer.data import datasets
from explorer.data.datasets import Data
from explorer.runs import Run

# -- the confusion matrix, and the worst mistakes -------------------------------------------------


Indices = npt.NDArray[np.int64]


class Matrix(TypedDict):
    """Counts of test pictures by true class (row) and predicted class (column), as plain data."""

    counts: list[list[int]]
    accuracy: list[float | None]  # of each class's own pictures; None for a class without any


@dataclass(frozen=True)
class Answers:
    """The test pictures of one run at the end of one epoch, one entry for each picture (N,)."""

    rows: Indices  # which picture of the whole test split
    labels: Indices  # its true class
    predicted: Indices
    confidence: npt.NDArray[np.float32]  # probability of the predicted class
    true_probability: npt.NDArray[np.float32]
    classes: int  # how many classes there are


class Answer(TypedDict):
    """One picture: which one, what it is, what it was taken for, and how surely."""

    row: int
    label: int
    predicted: int
    confidence: float
    true_probability: float


def matrix(answers: Answers) -> Matrix:
    """The confusion matrix; each row sums to the pictures of that class."""
    size = answers.classes
    flat = np.bincount(answers.labels * size + answers.predicted, minlength=size * size)
    counts = flat.reshape(size, size)
    pairs = zip(counts.diagonal(), counts.sum(axis=1), strict=True)
    accuracy = [float(right / total) if total else None for right, total in pairs]
    return Matrix(counts=counts.tolist(), accuracy=accuracy)


def worst(answers: Answers, most: int) -> list[Answer]:
    """The mistakes that the network was surest of, the surest first."""
    return _surest(answers, answers.labels != answers.predicted, most)


def cell(answers: Answers, label: int, predicted: int, most: int) -> list[Answer]:
    """Pictures of class `label` that were taken for `predicted`, the surest first."""
    inside = (answers.labels == label) & (answers.predicted == predicted)
    return _surest(answers, inside, most)


def _surest(answers: Answers, mask: npt.NDArray[np.bool_], most: int) -> list[Answer]:
    positions = np.flatnonzero(mask)
    order = np.argsort(-answers.confidence[positions], kind="stable")
    return [
        Answer(
            row=int(answers.rows[at]),
            label=int(answers.labels[at]),
            predicted=int(answers.predicted[at]),
            confidence=round(float(answers.confidence[at]), 3),
            true_probability=round(float(answers.true_probability[at]), 3),
        )
        for at in positions[order][:most]
    ]


# -- kernels, answers and pictures, small enough to be sent every second --------------------------


MOST_CELLS = 24_000  # weights that are sent: 32 kB
TOLD = 3  # the likeliest classes
MOST_SIDE = 96  # pixels of a picture that is sent

Floats = npt.NDArray[np.float32]


class Kernels(TypedDict):
    """Kernels of a convolution for a drawing: `cells` are int8 in base64, 127 means `scale`."""

    shape: list[int]  # (K, C, h, w) of those sent
    total: int  # kernels that there are
    scale: float  # the largest weight of those sent, without its sign
    cells: str


def kernels(weights: Floats | None) -> Kernels | None:
    """Weights (K, C, h, w) in a form of which 24 000 take 32 kB; None if there are none.

    Values are rounded to 1/127 of the largest. Whole kernels are left out where all are too many.
    """
    if weights is None:
        return None
    fitting = max(1, MOST_CELLS // max(int(np.prod(weights.shape[1:])), 1))
    sent = weights[:fitting]
    scale = float(np.abs(sent).max()) if np.isfinite(sent).all() else 0.0
    cells = np.round(sent / (scale or 1.0) * 127) if scale else np.zeros_like(sent)
    return Kernels(
        shape=list(sent.shape),
        total=len(weights),
        scale=float(f"{scale:.4g}"),
        cells=b64encode(cells.astype(np.int8).tobytes()).decode("ascii"),
    )


def largest_weight(run: Run) -> float:
    """The largest weight of the first kernels over all epochs so far, without its sign."""
    return _largest_weight(run.id, run.claimed_at, run.progress.epoch)


@lru_cache(maxsize=64)
def _largest_weight(number: int, _session: float | None, _epochs: int) -> float:
    looks = (runs.snapshot(number, epoch) for epoch in runs.snapshots(number))
    every = (kernels(look.kernels) for look in looks if look)
    return max((each["scale"] for each in every if each), default=0.0)


def likeliest(probabilities: Floats) -> list[list[tuple[int, float]]]:
    """For each picture (N, classes) its likeliest classes and their probabilities, best first.

    A network that has diverged answers NaN; that counts as 0.
    """
    probabilities = np.nan_to_num(probabilities)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOLD]
    return [
        [(int(each), round(float(row[each]), 3)) for each in best]
        for row, best in zip(probabilities, order, strict=True)
    ]


def picture(pixels: Tensor) -> str:
    """A picture (C, H, W) of uint8 as the address of a PNG that holds it; C is 1 or 3."""
    array = pixels.permute(1, 2, 0).to(torch.uint8).numpy()
    image = Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array[:, :, :3])
    if max(image.size) > MOST_SIDE:
        image.thumbnail((MOST_SIDE, MOST_SIDE))
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + b64encode(file.getvalue()).decode("ascii")


# -- of a run, with the pictures themselves -------------------------------------------------------

MOST_PICTURES = 24


def data(run: Run) -> Data:
    """What it is trained on.

    Raises:
        ValueError: its data set cannot be had here (any more), or is no longer what it was tested
            on, as far as that is known.
    """
    recipe, digest = run.recipe, run.metadata.get("test_digest", "")
    if recipe.path:
        loaded = _own_data(recipe.dataset, recipe.path, digest)
    else:
        loaded = datasets.load(recipe.dataset)
    count = len(training.subset_indices(len(loaded.test), recipe.test_subset))
    if digest not in ("", loaded.test_digest) or run.metadata.get("test_images", count) != count:
        raise ValueError(
            _(
                "The test pictures of {name} have changed since {run} was trained: its answers "
                "were to others. Train it anew."
            ).format(name=recipe.dataset, run=run.name)
        )
    return loaded


@lru_cache(maxsize=4)
def _own_data(name: str, path: str, _digest: str) -> Data:
    """A folder's pictures need not be looked through again for every question, as long as they are
    those that a run was tested on."""
    return datasets.load(name, path=path)


@lru_cache(maxsize=32)
def _answers(number: int, _session: float | None, epoch: int) -> Answers:
    """Read once for all who look; frozen, as everyone gets the same arrays."""
    run = runs.get(number)
    predictions = runs.predictions(number, epoch)
    test = data(run).test
    rows = training.subset_indices(len(test), run.recipe.test_subset)
    return Answers(
        rows=rows.numpy(),
        labels=test.labels[rows].numpy(),
        predicted=predictions.predicted,
        confidence=np.nan_to_num(predictions.confidence),
        true_probability=np.nan_to_num(predictions.true_probability),
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
    data = now(runs.snapshot(run.id, epoch))
    if epoch > 0:
        tested = answers(run, epoch)
        data["matrix"] = matrix(tested)
        data["worst"] = _with_pictures(run, worst(tested, MOST_PICTURES))
    return data


def now(snapshot: "runs.SnapshotRow | None") -> dict[str, Any]:
    """Kernels and answers to the samples at one moment."""
    if snapshot is None:
        return {"kernels": None, "answers": []}
    return {"kernels": kernels(snapshot.kernels), "answers": likeliest(snapshot.probabilities)}


def of_cell(run: Run, epoch: int, label: int, predicted: int) -> list[dict[str, Any]]:
    """Pictures of one class that were taken for another (or rightly for the same)."""
    return _with_pictures(run, cell(answers(run, epoch), label, predicted, MOST_PICTURES))


def samples(run: Run) -> dict[str, Any]:
    """The handful of test pictures that the snapshots answer to; none before the run began."""
    rows = [int(row) for row in run.metadata.get("samples", ())]
    if not rows:
        return {"classes": [], "items": []}
    classes, test = data(run).classes, data(run).test
    items = [
        {"row": row, "label": int(test.labels[row]), "png": picture(test.pictures[row])}
        for row in rows
    ]
    return {"classes": classes, "items": items}


def _with_pictures(run: Run, answers: list[Answer]) -> list[dict[str, Any]]:
    pictures = data(run).test.pictures
    return [{**each, "png": picture(pictures[each["row"]])} for each in answers]
