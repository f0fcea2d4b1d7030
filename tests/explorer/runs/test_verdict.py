"""Is it learning, and which of two did better: against counts by hand and drawn at random."""

import math

import numpy as np
import pytest

from explorer.runs import verdict
from explorer.runs.records import EpochRow
from explorer.runs.verdict import Learning

TESTS = 10_000


def rows(*accuracies: float | None, losses: tuple[float, ...] = ()) -> list[EpochRow]:
    """Epochs with these test accuracies and test losses; their training loss falls."""
    tests = [*losses, *[None] * len(accuracies)]
    return [
        EpochRow(n + 1, 10 * (n + 1), 2.0 / (n + 1), each, tests[n], each, 1.0, 1.0)
        for n, each in enumerate(accuracies)
    ]


@pytest.mark.parametrize(
    ("epochs", "learning", "epoch"),
    [
        (rows(), Learning.UNTESTED, 0),
        (rows(None), Learning.UNTESTED, 0),
        (rows(0.1), Learning.GUESSING, 1),
        (rows(0.1, 0.103, 0.1), Learning.GUESSING, 3),
        (rows(0.8, 0.1), Learning.GUESSING, 2),  # it has forgotten all
        (rows(0.6), Learning.FIRST, 1),
        (rows(0.6, 0.7, 0.75), Learning.RISING, 3),
        (rows(0.6, 0.75, 0.7, 0.76), Learning.RISING, 4),
        (rows(0.6, 0.8, 0.801, 0.79), Learning.LEVEL, 2),
    ],
)
def test_a_run_learns_or_not(epochs: list[EpochRow], learning: Learning, epoch: int) -> None:
    result = verdict.learning(epochs, 10, TESTS)
    assert (result.learning, result.epoch, result.guess) == (learning, epoch, 0.1)


def test_few_test_pictures_prove_little() -> None:
    assert verdict.learning(rows(0.2), 10, 10).learning is Learning.GUESSING
    assert verdict.learning(rows(0.2), 10, 1000).learning is Learning.FIRST
    assert verdict.learning(rows(0.7, 0.75), 10, 50).learning is Learning.LEVEL
    assert verdict.learning(rows(0.7, 0.75), 10, 5000).learning is Learning.RISING


def test_training_and_test_part_ways_at_the_least_test_loss() -> None:
    four = (0.6, 0.7, 0.7, 0.7)
    assert verdict.learning(rows(*four, losses=(1, 0.8, 0.9, 1)), 10, TESTS).apart == 2
    assert verdict.learning(rows(*four, losses=(1, 0.8, 0.7, 0.69)), 10, TESTS).apart == 0
    assert verdict.learning(rows(*four, losses=(1, 0.8, 0.7, 0.701)), 10, TESTS).apart == 0
    assert verdict.learning(rows(0.1, 0.1, losses=(1, math.inf)), 10, TESTS).apart == 0


@pytest.mark.parametrize("seed", range(20))
def test_any_curve_gets_a_verdict_that_its_numbers_bear_out(seed: int) -> None:
    draw = np.random.default_rng(seed)
    accuracies = draw.uniform(0.05, 1, draw.integers(1, 12)).tolist()
    result = verdict.learning(rows(*accuracies), 10, TESTS)
    error = verdict.standard_error(result.best, TESTS)
    assert result.best == max(accuracies) == accuracies[result.best_epoch - 1]
    assert result.accuracy == accuracies[result.epoch - 1]
    if result.learning is Learning.LEVEL:
        assert max(accuracies[result.epoch :]) <= result.accuracy + error
    if result.learning is Learning.RISING:
        assert max(accuracies[:-1]) < accuracies[-1] - error


@pytest.mark.parametrize("seed", range(20))
def test_a_difference_is_as_sure_as_its_pictures_make_it(seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = (draw.random(400) < share for share in draw.uniform(0.1, 0.9, 2))
    result, turned = verdict.paired(first, second), verdict.paired(second, first)
    assert (result.share, result.error) == pytest.approx((-turned.share, turned.error))
    only_first, only_second = (first & ~second).sum(), (second & ~first).sum()
    share = (only_first - only_second) / 400
    by_hand = 1.96 * math.sqrt((only_first + only_second) / 400 - share**2) / 20
    assert (result.share, result.error) == pytest.approx((share, by_hand))
    apart = verdict.unpaired(first.mean(), 400, second.mean(), 400)
    assert apart.share == pytest.approx(share)
    assert verdict.unpaired(0.8, 400, 0.7, 400).error > verdict.unpaired(0.8, 4000, 0.7, 4000).error
    assert not verdict.paired(first, first).counts


def test_an_interval_holds_the_true_difference_nineteen_times_in_twenty() -> None:
    draw = np.random.default_rng(1)
    held = 0
    for _trial in range(1000):
        first = draw.random(300) < 0.8
        second = np.where(draw.random(300) < 0.7, first, draw.random(300) < 0.6)
        result = verdict.paired(first, second)
        held += abs(result.share - 0.3 * (0.8 - 0.6)) <= result.error
    assert 930 <= held <= 970
