"""What a trained network takes for what: the confusion matrix, and its worst mistakes."""

from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

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
    totals = counts.sum(axis=1)
    right = counts.diagonal()
    return Matrix(
        counts=counts.tolist(),
        accuracy=[
            float(one / total) if total else None for one, total in zip(right, totals, strict=True)
        ],
    )


def worst(answers: Answers, most: int) -> list[Answer]:
    """The mistakes that the network was surest of, the surest first."""
    wrong = np.flatnonzero(answers.labels != answers.predicted)
    order = np.argsort(-answers.confidence[wrong], kind="stable")
    return _told(answers, wrong[order], most)


def cell(answers: Answers, label: int, predicted: int, most: int) -> list[Answer]:
    """Pictures of class `label` that were taken for `predicted`, the surest first."""
    there = np.flatnonzero((answers.labels == label) & (answers.predicted == predicted))
    order = np.argsort(-answers.confidence[there], kind="stable")
    return _told(answers, there[order], most)


def _told(answers: Answers, positions: npt.NDArray[Any], most: int) -> list[Answer]:
    return [
        Answer(
            row=int(answers.rows[at]),
            label=int(answers.labels[at]),
            predicted=int(answers.predicted[at]),
            confidence=round(float(answers.confidence[at]), 3),
            true_probability=round(float(answers.true_probability[at]), 3),
        )
        for at in positions[:most]
    ]
