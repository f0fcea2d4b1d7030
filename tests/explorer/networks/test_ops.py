"""The written-out operations against torch's own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from explorer.networks.ops import BatchNorm, batch_norm, output_size

PAIRS = [
    pytest.param((8, 3, 5, 5), nn.BatchNorm2d, id="maps"),
    pytest.param((16, 4), nn.BatchNorm1d, id="vectors"),
]


def twins(shape: tuple[int, ...], layer: type[nn.Module]):
    """Our layer and torch's, for input of this shape, with the same scale and shift."""
    channels = shape[1]
    ours, theirs = BatchNorm(channels, num_dims=len(shape)), layer(channels)
    gamma, beta = torch.rand(channels) + 0.5, torch.randn(channels)
    with torch.no_grad():
        for mine, yours, values in (
            (ours.gamma, theirs.weight, gamma),
            (ours.beta, theirs.bias, beta),
        ):
            mine.copy_(values.view_as(mine))
            yours.copy_(values)
    return ours, theirs


@pytest.mark.parametrize(("shape", "layer"), PAIRS)
def test_training_output_and_gradients_equal_torchs(shape: tuple[int, ...], layer: type[nn.Module]):
    torch.manual_seed(0)
    ours, theirs = twins(shape, layer)
    given_to_ours = (torch.randn(shape) * 3 + 2).requires_grad_()
    given_to_theirs = given_to_ours.detach().clone().requires_grad_()
    weights = torch.randn(shape)
    mine, yours = ours(given_to_ours), theirs(given_to_theirs)
    (mine * weights).sum().backward()
    (yours * weights).sum().backward()
    torch.testing.assert_close(mine, yours)
    torch.testing.assert_close(given_to_ours.grad, given_to_theirs.grad, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours.gamma.grad.flatten(), theirs.weight.grad)


def test_training_without_gradients_still_uses_the_batch():
    layer = BatchNorm(3, num_dims=4)
    with torch.no_grad():
        y = layer(torch.randn(8, 3, 5, 5) * 4 + 7)
    torch.testing.assert_close(y.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert (layer.moving_mean != 0).all()


def test_statistics_are_saved_with_the_weights():
    layer, fresh = BatchNorm(3, num_dims=4), BatchNorm(3, num_dims=4)
    layer(torch.randn(8, 3, 5, 5) * 2 + 1)
    assert set(layer.state_dict()) == {"gamma", "beta", "moving_mean", "moving_var"}
    fresh.load_state_dict(layer.state_dict())
    x = torch.randn(2, 3, 5, 5)
    assert torch.equal(layer.eval()(x), fresh.eval()(x))


def test_one_value_per_channel_is_refused_in_training_only():
    layer, x = BatchNorm(3, num_dims=2), torch.randn(1, 3)
    with pytest.raises(ValueError, match="more than one value per channel"):
        layer(x)
    assert layer.eval()(x).shape == (1, 3)


@settings(deadline=None, max_examples=60)
@given(
    shape=st.tuples(st.integers(2, 6), st.integers(1, 4))
    | st.tuples(st.integers(2, 4), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)),
    momentum=st.floats(0, 1),
    eps=st.sampled_from([1e-5, 1e-3, 1.0]),
    training=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_batch_norm_is_torchs(*, shape, momentum, eps, training, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64) * 3 + 2
    channels = shape[1]
    each = (1, channels, 1, 1)[: len(shape)]
    gamma, beta, mean = (torch.randn(channels, generator=generator).double() for _ in range(3))
    var = torch.rand(channels, generator=generator).double() + 0.1
    ours_mean, ours_var = mean.clone().view(each), var.clone().view(each)
    ours = batch_norm(
        x, gamma.view(each), beta.view(each), ours_mean, ours_var,
        training=training, momentum=momentum, eps=eps,
    )  # fmt: skip
    kept = momentum * var if training else var  # the weight of the old value
    theirs = functional.batch_norm(x, mean, var, gamma, beta, training, 1 - momentum, eps)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(ours_mean.flatten(), mean)
    values = x.numel() / channels  # torch's moving variance averages unbiased ones
    torch.testing.assert_close((ours_var.flatten() - kept) * values / (values - 1), var - kept)


@settings(deadline=None, max_examples=300)
@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 5),
    padding=st.integers(0, 6),
    dilation=st.integers(1, 4),
)
def test_output_size_is_that_of_a_convolution(
    size: int, kernel: int, stride: int, padding: int, dilation: int
):
    expected = output_size(size, kernel, stride, padding, dilation)
    x, weight = torch.empty(1, 1, size), torch.empty(1, 1, kernel)
    try:
        found = functional.conv1d(x, weight, None, stride, padding, dilation).shape[-1]
    except RuntimeError:
        found = 0
    assert expected == found


@settings(deadline=None, max_examples=300)
@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 9),
    share=st.floats(0, 0.5),
    dilation=st.integers(1, 4),
    ceil=st.booleans(),
)
def test_output_size_is_that_of_a_pooling(
    *, size: int, kernel: int, stride: int, share: float, dilation: int, ceil: bool
):
    padding = int(kernel * share)
    expected = output_size(size, kernel, stride, padding, dilation, ceil=ceil)
    x = torch.empty(1, 1, size, size)
    try:
        pooled = functional.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode=ceil)
        found = pooled.shape[-1]
    except RuntimeError:
        found = 0
    assert expected == found


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"size": 28, "kernel": 5, "padding": 2}, 28),  # LeNet's first convolution
        ({"size": 224, "kernel": 11, "stride": 4, "padding": 1}, 54),  # AlexNet's
        ({"size": 54, "kernel": 3, "stride": 2}, 26),  # and its first pooling
        ({"size": 8, "kernel": 3, "padding": 1, "stride": 2}, 4),
        ({"size": 2, "kernel": 3}, 0),
    ],
)
def test_output_size_by_hand(arguments: dict[str, int], expected: int):
    assert output_size(**arguments) == expected


@pytest.mark.parametrize("wrong", [{"kernel": 0}, {"stride": 0}, {"padding": -1}, {"size": -1}])
def test_output_size_refuses_what_no_layer_has(wrong: dict[str, int]):
    with pytest.raises(ValueError, match=r"at least [01]"):
        output_size(**{"size": 8, "kernel": 3, **wrong})
