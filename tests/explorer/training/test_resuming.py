"""The same seed and a kept state give the same curve bit for bit."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from explorer import training
from explorer.data.datasets import Data
from explorer.training import Epoch, Finished, Record, Started, State, Steps, Training, burst
from explorer.training.recipes import Recipe
from tests.explorer.training.recipes import (
    BATCH_NORM,
    CHANNELS_LAST,
    CPU,
    DROPOUT,
    LENET,
    SGD,
    curve,
    only,
    run,
)


def figures(records: list[Record]) -> list[tuple[Any, ...]]:
    """What each epoch reports, but its times."""
    return [
        (
            *(e.epoch, e.step, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy),
            *(t.tolist() for t in (e.predicted, e.confidence, e.true_probability)),
        )
        for e in only(Epoch, records)
    ]


# The same seed, the same curve
@pytest.mark.parametrize(
    "recipe", [LENET, BATCH_NORM, DROPOUT], ids=["lenet", "batch norm", "dropout"]
)
def test_the_same_seed_gives_the_same_curve_bit_for_bit(recipe: Recipe, digits: Data):
    recipe = replace(recipe, epochs=1)
    first, again = run(recipe, digits), run(recipe, digits)
    other = run(replace(recipe, seed=1), digits)
    assert curve(first) == curve(again)
    assert figures(first) == figures(again)
    assert curve(first)[0] != curve(other)[0]


def test_a_run_neither_feels_nor_changes_what_others_draw(digits: Data):
    alone = curve(run(DROPOUT, digits))
    torch.manual_seed(123)
    disturbed = []
    for record in Training(DROPOUT, digits, CPU).records():
        disturbed.append(record)
        torch.rand(7)
    theirs = torch.rand(3)
    assert curve(disturbed) == alone
    torch.manual_seed(123)
    for _record in disturbed:
        torch.rand(7)
    assert torch.equal(theirs, torch.rand(3))


def test_whoever_pulls_may_have_gradients_off(digits: Data):
    with torch.no_grad():
        assert curve(run(LENET, digits)) == curve(run(LENET, digits))


# Resuming
def interrupted(recipe: Recipe, data: Data, step: int) -> tuple[list[Record], State]:
    """What comes until `step` steps are done, and the state there."""
    begun = Training(recipe, data, CPU)
    records: list[Record] = []
    for record in begun.records():
        records.append(record)
        if len(curve(records)) >= step:
            return records, begun.state()
    raise AssertionError(f"{step} steps were never reached")


@pytest.mark.parametrize("step", [3, 5, 8], ids=["within an epoch", "at its end", "in the second"])
@pytest.mark.parametrize(
    "recipe",
    [
        LENET,
        replace(LENET, **SGD),
        replace(LENET, flip=True, crop=1, schedule="cosine"),
        BATCH_NORM,
        replace(BATCH_NORM, **SGD),
        replace(DROPOUT, batch_size=32),
        replace(CHANNELS_LAST, batch_size=13),
        replace(CHANNELS_LAST, batch_size=13, precision="bfloat16", **SGD),
    ],
    ids=lambda recipe: f"{recipe.network}-{recipe.optimizer}-{recipe.precision}-{recipe.crop}",
)
def test_a_resumed_run_is_the_unbroken_one_bit_for_bit(
    recipe: Recipe, step: int, digits: Data, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(burst, "MOST_STEPS", 2)
    whole = Training(recipe, digits, CPU)
    unbroken = list(whole.records())
    before, state = interrupted(recipe, digits, step)
    resumed = Training(recipe, digits, CPU, state)
    after = list(resumed.records())
    assert curve(before) + curve(after) == curve(unbroken)
    assert figures(before) + figures(after) == figures(unbroken)
    ends = whole.state(), resumed.state()
    assert ends[0].tensors.keys() == ends[1].tensors.keys()
    for name, tensor in ends[0].tensors.items():
        assert torch.equal(tensor, ends[1].tensors[name]), name
    assert (ends[0].step, ends[0].epoch) == (ends[1].step, ends[1].epoch)


def test_a_state_taken_while_testing_or_after_the_end_goes_on_rightly(
    digits: Data, monkeypatch: pytest.MonkeyPatch
):
    recipe = replace(LENET, epochs=1)
    begun = Training(recipe, digits, CPU)
    unbroken: list[Record] = []
    while_testing = None
    for record in begun.records():
        unbroken.append(record)
        if isinstance(record, training.Testing):
            while_testing = begun.state()
    assert while_testing is not None
    again = run(recipe, digits, while_testing)
    assert not only(Steps, again)
    assert figures(again) == figures(unbroken)
    assert [type(r) for r in run(recipe, digits, begun.state())] == [Started, Finished]


def test_totals_go_on_after_a_resume(digits: Data, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(burst, "MOST_STEPS", 2)
    _before, state = interrupted(LENET, digits, 7)
    after = run(LENET, digits, state)
    first = only(Steps, after)[0]
    assert first.first_step == state.step == 7
    assert first.images == 150 + 2 * 32 + 32
    assert first.seconds > state.seconds > 0
    assert only(Epoch, after)[0].epoch == 2


def test_a_state_is_a_copy(digits: Data):
    begun = Training(LENET, digits, CPU)
    records = begun.records()
    next(records)
    state = begun.state()
    before = {name: tensor.clone() for name, tensor in state.tensors.items()}
    for _record in records:
        pass
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.tensors.items())
