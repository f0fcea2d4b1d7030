"""A data set in a few numbers: mean and spread, the average picture of each class, what to beat."""

from collections.abc import Iterator

import torch
from torch import Tensor

from explorer.data.datasets.records import Data, Split

PART = 1_000_000  # numbers worked on at once: 4 MB


def averages(split: Split, classes: int) -> Tensor:
    """(classes, C, H, W), brightness from 0 to 255, float32; zeros for a class without pictures."""
    sums = torch.zeros(classes, *split.pictures.shape[1:])
    for pictures, labels in _parts(split):
        sums.index_add_(0, labels, pictures.float())
    counts = split.labels.bincount(minlength=classes).clamp(min=1)
    return sums / counts[:, None, None, None]


def mean_and_spread(split: Split) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, brightness from 0 to 1."""
    axes = (0, 2, 3)
    sums = sum(part.double().sum(axes) for part, _labels in _parts(split))
    squares = sum(part.double().square().sum(axes) for part, _labels in _parts(split))
    count = 255 * split.pictures[:, 0].numel()
    mean = torch.as_tensor(sums) / count
    variance = torch.as_tensor(squares) / (255 * count) - mean.square()
    return mean.tolist(), variance.clamp(min=0).sqrt().tolist()


def nearest_average_accuracy(data: Data) -> float:
    """Share of test pictures whose nearest average (squared distance, cell by cell) is their own
    class's: the nearest-centroid classifier, with nothing learned but averages."""
    centres = averages(data.train, len(data.classes)).flatten(1)
    right = 0
    for pictures, labels in _parts(data.test):
        # |x − m|² = |x|² − 2 x·m + |m|², and |x|² is the same for every m.
        distances = centres.square().sum(1) - 2 * pictures.flatten(1).float() @ centres.T
        right += int((distances.argmin(1) == labels).sum())
    return right / len(data.test)


def most_frequent_share(data: Data) -> float:
    """Share of test pictures that are right for whoever always names the commonest class."""
    commonest = data.train.labels.bincount().argmax()
    return float((data.test.labels == commonest).double().mean())


def _parts(split: Split) -> Iterator[tuple[Tensor, Tensor]]:
    pictures = max(PART // split.pictures[0].numel(), 1)
    return zip(split.pictures.split(pictures), split.labels.split(pictures), strict=True)
