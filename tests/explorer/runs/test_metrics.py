"""Curves, epochs and snapshots come back as they were told."""

import dataclasses

import numpy as np
import pytest
import torch

from explorer import runs
from explorer.base.reasons import Reason
from explorer.runs import (
    Status,
    store,
)
from explorer.runs.protocols import Ended, Held, Loading, Resumed
from explorer.training import Capture, Snapshot
from tests.explorer.runs.played import STARTED, begun, epoch, started, steps

pytestmark = pytest.mark.usefixtures("home")


def every_step(number: int) -> runs.Curve:
    return runs.curves(number, most=10**6)


def trained(count: int, since: int = 0) -> int:
    number, writer = started(dataclasses.replace(STARTED, total_steps=count))
    for first in range(since, count, 7):
        writer.tell(steps(first, min(7, count - first)))
    writer.tell(Ended(Status.FINISHED))
    return number


def test_every_step_is_kept_as_it_was():
    curve = runs.curves(trained(30))
    assert curve.stride == 1
    assert curve.step == list(range(1, 31))
    assert curve.loss == [1 / n for n in curve.step]
    assert curve.images == [32 * n for n in curve.step]
    assert curve.epoch == [n / 10 for n in curve.step]
    np.testing.assert_allclose(curve.seconds, [0.5 * n for n in curve.step])


def test_thinned_points_are_means_of_their_steps():
    number = trained(1000)
    curve = runs.curves(number, most=130)
    assert curve.stride == 8
    assert curve.step == list(range(8, 1001, 8))
    loss = (1 / np.arange(1, 1001)).reshape(-1, 8).mean(axis=1)
    np.testing.assert_allclose(curve.loss, loss)


def test_points_come_once_whatever_the_rhythm_of_asking():
    number, writer = started(dataclasses.replace(STARTED, total_steps=100))
    seen: list[int] = []
    losses: list[float | None] = []
    for first in range(0, 100, 7):
        writer.tell(steps(first, min(7, 100 - first)))
        curve = runs.curves(number, seen[-1] if seen else 0, most=25)
        seen += curve.step
        losses += curve.loss
    writer.tell(Ended(Status.FINISHED))
    whole = runs.curves(number, most=25)
    assert (seen, losses) == (whole.step, whole.loss)
    assert len(seen) == 25


def test_numbers_that_are_not_finite_are_gaps():
    number, writer = started()
    writer.tell(steps(0, 2, loss=float("nan")))
    assert runs.curves(number).loss == [None, None]


def test_resuming_replaces_what_came_after_the_state():
    number, writer = started()
    writer.tell(steps(0, 10))
    writer.tell(epoch(1))
    writer.tell(steps(10, 4))
    writer.tell(Snapshot(2, 14, None, torch.zeros(2, 10)))
    store.lost(runs.get(number), Reason("lost"))
    runs.resume(number)
    again = begun(resumed=Resumed(12, 6.0))
    run = runs.get(number)
    assert (run.progress.step, run.progress.epoch, run.progress.seconds) == (12, 1, 6.0)
    assert run.test_accuracy == 0.25
    assert runs.curves(number).step == list(range(1, 13))
    assert runs.snapshots(number) == []
    again.tell(STARTED)
    again.tell(steps(12, 8))
    again.tell(epoch(2))
    assert runs.curves(number).step == list(range(1, 21))
    assert runs.curves(number).images == [32 * n for n in range(1, 21)]
    assert [row.epoch for row in runs.epochs(number)] == [1, 2]
    assert runs.get(number).test_accuracy == 0.5


def test_what_an_earlier_session_told_of_memory_and_launching_stands():
    number, writer = started()
    writer.tell(Capture(captured=False, reason="differs", excess=2.5))
    writer.tell(Held(100, 700))
    store.lost(runs.get(number), Reason("lost"))
    runs.resume(number)
    again = begun(resumed=Resumed(4, 2.0))
    again.tell(Loading(3, 9))
    facts = runs.get(number).metadata
    assert (facts["loading"], facts["train_images"]) == ([3, 9], 320)
    again.tell(dataclasses.replace(STARTED, threads=2))
    facts = runs.get(number).metadata
    assert not facts["loading"]
    assert (facts["threads"], facts["samples"], facts["sitting"]) == (2, [0, 1], [4, 2.0])
    assert (facts["channels_last"], facts["first_kernels"]) == (False, "conv1")
    again.tell(Held(90, 600))  # the new one has held less by now
    facts = runs.get(number).metadata
    assert (facts["memory"], facts["peak_memory"]) == (90, 700)
    assert facts["capture"]["excess"] == 2.5


def test_epochs_snapshots_and_predictions_come_back_as_they_were():
    number, writer = started()
    kernels, answers = torch.rand(6, 1, 5, 5), torch.rand(2, 10)
    writer.tell(Snapshot(0, 0, kernels, answers))
    writer.tell(Snapshot(1, 3, kernels + 1, answers))
    writer.tell(Snapshot(1, 10, kernels + 2, answers))
    writer.tell(epoch(1))
    assert runs.snapshots(number) == [0, 1]
    last = runs.snapshot(number)
    assert last
    assert (last.epoch, last.step) == (1, 10)
    assert last.kernels is not None
    np.testing.assert_array_equal(last.kernels, (kernels + 2).numpy())
    first = runs.snapshot(number, 0)
    assert first
    np.testing.assert_array_equal(first.probabilities, answers.numpy())
    assert runs.snapshot(number, 7) is None
    (row,) = runs.epochs(number)
    assert (row.epoch, row.test_loss, row.test_accuracy) == (1, None, 0.25)
    seen = runs.predictions(number)
    assert seen.predicted.tolist() == [0, 1, 2, 1, 9]
    assert seen.true_probability.tolist() == [0.5, 0.125, 1, 0, 0.5]
    with pytest.raises(ValueError, match="no predictions of epoch 2"):
        runs.predictions(number, 2)
    assert runs.get(number).metadata["samples"] == [0, 1]
