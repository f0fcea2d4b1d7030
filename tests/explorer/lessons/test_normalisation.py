"""Batch normalisation step by step, its averages and its traps, against torch and the course."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from explorer.lessons import norm_experiments, normalisation
from explorer.lessons.norm_experiments import GradAsking
from explorer.lessons.normalisation import Source
from pages.learn.batch_norm import board as picture
from pages.learn.batch_norm import experiments

SOURCES = st.builds(
    Source,
    distribution=st.sampled_from(normalisation.DISTRIBUTIONS),
    size=st.integers(2, 8),
    side=st.integers(0, 4),
    offset=st.floats(-50, 50),
    scale=st.floats(0.1, 50),
    seed=st.integers(0, 999_999),
)


ONES_ZEROS = torch.ones(3), torch.zeros(3)


# -- the batch --------------------------------------------------------------------------------


@given(SOURCES)
def test_the_same_source_gives_the_same_batch(source: Source):
    first, again = normalisation.batch(source, 3), normalisation.batch(source, 3)
    assert torch.equal(first, again)
    assert not torch.equal(first, normalisation.batch(source, 4))
    side = (source.side, source.side) if source.side else ()
    assert first.shape == (source.size, 3, *side)


@pytest.mark.parametrize("kind", ["normal", "uniform", "skewed", "two"])
def test_offset_and_scale_are_the_mean_and_spread_that_were_asked_for(
    kind: normalisation.Distribution,
):
    many = normalisation.batch(Source(kind, size=40_000, offset=10, scale=3), 0)
    expected = torch.tensor(normalisation.OFFSETS) * 10
    spread = torch.tensor(normalisation.SCALES) * 3
    torch.testing.assert_close(many.mean(dim=0), expected, atol=0.15, rtol=0)
    torch.testing.assert_close(many.std(dim=0), spread, atol=0, rtol=0.03)


def test_own_numbers_are_features_by_row():
    x = normalisation.batch(Source(own=((1.0, 2.0), (3.0, 5.0), (0.0, 0.0))), 7)
    assert x.tolist() == [[1, 3, 0], [2, 5, 0]]


# -- the formula ------------------------------------------------------------------------------


@given(SOURCES, st.floats(-5, 5), st.floats(-10, 10), st.sampled_from([1e-5, 0.1, 10.0]))
@settings(deadline=None)
def test_training_steps_end_where_torch_does(source: Source, scale, shift, eps):
    x = normalisation.batch(source, 0)
    gamma, beta = torch.full((3,), scale), torch.full((3,), shift)
    steps = normalisation.steps(x, gamma, beta, eps)
    expected = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
    torch.testing.assert_close(steps.out, expected, atol=2e-3, rtol=1e-3)
    others = [axis for axis in range(x.dim()) if axis != 1]
    torch.testing.assert_close(steps.var, x.var(dim=others, correction=0), atol=1e-5, rtol=1e-4)
    assert (steps.count, steps.own) == (x.numel() // 3, True)


@given(SOURCES)
@settings(deadline=None)
def test_prediction_uses_the_statistics_it_is_given(source: Source):
    x, moving = normalisation.batch(source, 0), torch.tensor([[1.0, -2, 3], [0.5, 4, 9]])
    steps = normalisation.steps(x, *ONES_ZEROS, moving=(moving[0], moving[1]))
    expected = functional.batch_norm(x, *moving, *ONES_ZEROS, training=False)
    torch.testing.assert_close(steps.out, expected, atol=1e-4, rtol=1e-5)
    assert not steps.own


# -- moving averages --------------------------------------------------------------------------


@given(SOURCES, st.sampled_from([0.0, 0.5, 0.9, 0.99]))
@settings(deadline=None, max_examples=40)
def test_moving_averages_with_unbiased_variance_are_torchs(source: Source, old: float):
    batches = [normalisation.batch(source, number) for number in range(6)]
    moving = normalisation.moving_averages(batches, old, unbiased=True)
    layer = (nn.BatchNorm2d if source.side else nn.BatchNorm1d)(3, momentum=1 - old)
    for number, each in enumerate(batches, start=1):
        layer(each)
        torch.testing.assert_close(moving.mean[number], layer.running_mean, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(moving.var[number], layer.running_var, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("batches", "share"), [(1, 0.1), (5, 0.40951), (10, 0.6513), (20, 0.8784), (50, 0.99485)]
)
def test_how_much_of_the_average_the_batches_are(batches: int, share: float):
    assert normalisation.warm_up(0.9, batches) == pytest.approx(share, abs=5e-5)
    constant = [torch.ones(4, 1)] * batches  # a mean of 1 in every batch
    assert float(normalisation.moving_averages(constant).mean[-1]) == pytest.approx(share, abs=5e-5)


# -- beside torch -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "factor"),
    [(Source(size=8, side=5), 1.0050251), (Source(size=16), 1.0666667), (Source(size=2), 2.0)],
)
def test_only_the_moving_variance_differs_from_torchs(source: Source, factor: float):
    beside = norm_experiments.beside_torch(normalisation.batch(source, 0))
    assert max(beside.training, 10 * beside.mean, beside.equalised) < 1e-5
    torch.testing.assert_close(beside.ratio, torch.full((3,), factor), atol=2e-4, rtol=0)
    assert beside.count / (beside.count - 1) == pytest.approx(factor, abs=1e-6)
    assert beside.prediction > 1e-3  # that is what the factor makes of the prediction


# -- traps ------------------------------------------------------------------------------------


def test_a_batch_of_one_picture_is_enough_for_a_convolution():
    inputs = normalisation.batch(Source(size=2, side=3), 0)
    alone = norm_experiments.alone(inputs, *ONES_ZEROS)
    assert alone.refusal == ""
    torch.testing.assert_close(alone.outputs, alone.torch_outputs, atol=1e-5, rtol=0)
    assert norm_experiments.alone(inputs[:, :, :1, :1], *ONES_ZEROS).refusal


@given(SOURCES, st.floats(-10, 10))
@settings(deadline=None)
def test_a_bias_before_batch_norm_changes_nothing(source: Source, bias: float):
    outputs = norm_experiments.bias_before(normalisation.batch(source, 0), bias)
    assert outputs.before == pytest.approx(abs(bias), rel=1e-2, abs=1e-3)
    assert outputs.after < 1e-2


def test_who_uses_which_statistics():
    x = normalisation.batch(Source(), 0)
    # Torch's by the mode; the other by the gradients: in training under no_grad the moving ones, in
    # evaluation with gradients the batch's.
    for layer, by in ((nn.BatchNorm1d, "training"), (GradAsking, "grad")):
        cases = norm_experiments.switches(layer, x)
        assert [(each.training, each.grad) for each in cases] == [
            (True, True), (True, False), (False, True), (False, False),
        ]  # fmt: skip
        assert all(each.uses_batch == each.updates == getattr(each, by) for each in cases)


def test_plain_tensors_are_lost_on_saving():
    batches = [normalisation.batch(Source(), number) for number in range(30)]
    lost = norm_experiments.reload(GradAsking, batches)
    assert lost.names == ("gamma", "beta")
    assert lost.apart > 1
    whole = norm_experiments.reload(nn.BatchNorm1d, batches)
    assert {"running_mean", "running_var"} < set(whole.names)
    assert whole.apart == 0


# -- pictures ---------------------------------------------------------------------------------


def test_the_board_gets_every_value_at_every_stage():
    steps = normalisation.steps(normalisation.batch(Source(side=2), 0), *ONES_ZEROS)
    board = picture.board(steps, 1, "key", "used")
    assert board["count"] == 16 * 4
    for channel, feature in enumerate(board["features"]):
        stages = torch.stack([stage[:, channel].flatten() for stage in steps.stages])
        torch.testing.assert_close(torch.tensor(feature["stages"]), stages, atol=1e-4, rtol=1e-4)
        assert feature["means"][3] == pytest.approx(0, abs=1e-5)
        assert feature["figures"][3] == "mean 0.00, std 1.00"


def test_the_file_holds_every_value():
    steps = normalisation.steps(normalisation.batch(Source(), 0), *ONES_ZEROS)
    rows = picture.rows(steps)
    assert len(rows) == steps.raw.numel()
    for row in rows:
        x, x_hat, mean, var = (float(str(row[n])) for n in ("x", "x_hat", "mean", "variance"))
        assert x_hat == pytest.approx((x - mean) / (var + 1e-5) ** 0.5, abs=1e-4)


def test_the_chart_tells_two_momentum_conventions_apart():
    batches = [normalisation.batch(Source(), number) for number in range(20)]
    course = normalisation.moving_averages(batches, 0.9)
    swapped = normalisation.moving_averages(batches, 0.1)
    chart = experiments.moving_chart(course, swapped, 0, "mean", 5)
    dots, ours, theirs = chart.data
    assert ours.line.dash != theirs.line.dash
    assert ours.y[1] == pytest.approx(0.1 * dots.y[0], rel=1e-4)
    assert theirs.y[1] == pytest.approx(0.9 * dots.y[0], rel=1e-4)
