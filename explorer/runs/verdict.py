"""Is a run learning, and how much better is one than another: verdicts, as codes and numbers.

A network that guesses is right once in as many pictures as there are classes. Of n test pictures
of which a share p is answered rightly, the share's standard error is √(p (1 − p) / n).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from explorer.runs.records import EpochRow

CONFIDENCE = 1.96  # standard errors: 95 % of an estimate's errors are smaller
MARGIN = 0.01  # by so much of itself a test loss has to rise until it counts


class Learning(StrEnum):
    """What the epochs of a run show."""

    UNTESTED = "untested"
    GUESSING = "guessing"
    FIRST = "first"  # better than guessing; there is one epoch
    RISING = "rising"  # the last epoch is better than each before it
    LEVEL = "level"  # none is better than one before the last


@dataclass(frozen=True)
class Verdict:
    """Whether a run learns; accuracies are fractions of the test pictures."""

    learning: Learning
    guess: float
    epoch: int = 0  # the last one; of `LEVEL` the one after which nothing was better
    accuracy: float = 0.0  # at that epoch
    best: float = 0.0
    best_epoch: int = 0
    apart: int = 0  # the epoch from which the test loss rises while the training loss falls


def standard_error(share: float, count: int) -> float:
    """Of the share of `count` pictures that are answered rightly."""
    return math.sqrt(share * (1 - share) / count)


def learning(epochs: Sequence[EpochRow], classes: int, tests: int) -> Verdict:
    """Whether a run with these epochs, tested on `tests` pictures of `classes` classes, learns.

    An epoch is better than another if its accuracy is larger by more than its standard error.
    """
    guess = 1 / classes
    rows = [row for row in epochs if row.test_accuracy is not None]
    if not rows:
        return Verdict(Learning.UNTESTED, guess)
    accuracies = [row.test_accuracy or 0.0 for row in rows]
    best = max(range(len(rows)), key=accuracies.__getitem__)
    error = standard_error(accuracies[best], tests)
    first = next(i for i, each in enumerate(accuracies) if each >= accuracies[best] - error)
    last = len(rows) - 1
    if accuracies[-1] <= guess + CONFIDENCE * standard_error(guess, tests):
        code, at = Learning.GUESSING, last
    elif last == 0:
        code, at = Learning.FIRST, last
    else:
        code, at = (Learning.RISING if first == last else Learning.LEVEL), first
    best_epoch = rows[best].epoch
    figures = (rows[at].epoch, accuracies[at], accuracies[best], best_epoch)
    return Verdict(code, guess, *figures, _apart(rows))


def _apart(rows: Sequence[EpochRow]) -> int:
    """The epoch of the least test loss, if that rose afterwards while the training loss fell."""
    losses = [math.inf if row.test_loss is None else row.test_loss for row in rows]
    least = min(range(len(rows)), key=losses.__getitem__)
    then, now = rows[least].train_loss, rows[-1].train_loss
    if then is None or now is None or not math.isfinite(losses[-1]):
        return 0
    return rows[least].epoch if losses[-1] > losses[least] * (1 + MARGIN) and now < then else 0


# -- two runs ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """By how much the first of two is right more often, and the half-width of its 95 % interval."""

    share: float
    error: float
    paired: bool  # whether both answered the same pictures

    @property
    def counts(self) -> bool:
        """Whether it is larger than its error."""
        return abs(self.share) > self.error


def paired(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> Difference:
    """Of two that answered the same pictures (N,), true where right."""
    difference = first.astype(np.int64) - second
    error = CONFIDENCE * float(difference.std()) / math.sqrt(len(difference))
    return Difference(float(difference.mean()), error, paired=True)


def unpaired(first: float, first_tests: int, second: float, second_tests: int) -> Difference:
    """Of two accuracies, each on so many pictures of its own."""
    errors = standard_error(first, first_tests), standard_error(second, second_tests)
    return Difference(first - second, CONFIDENCE * math.hypot(*errors), paired=False)
