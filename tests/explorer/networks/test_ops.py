"""The written-out operations by their definitions against torch's own, and the course's figures."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from explorer.networks import ops

PAIRS = [
    pytest.param((8, 3, 5, 5), nn.BatchNorm2d, id="maps"),
    pytest.param((16, 4), nn.BatchNorm1d, id="vectors"),
]


@pytest.mark.parametrize(("shape", "layer"), PAIRS)
def test_training_output_and_gradients_equal_torchs(shape: tuple[int, ...], layer: type[nn.Module]):
    torch.manual_seed(0)
    channels = shape[1]
    ours, theirs = ops.BatchNorm(channels, num_dims=len(shape)), layer(channels)
    with torch.no_grad():
        for mine, yours in ((ours.gamma, theirs.weight), (ours.beta, theirs.bias)):
            mine.copy_(torch.randn_like(mine))
            yours.copy_(mine.flatten())
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
    layer = ops.BatchNorm(3, num_dims=4)
    with torch.no_grad():
        y = layer(torch.randn(8, 3, 5, 5) * 4 + 7)
    torch.testing.assert_close(y.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert (layer.moving_mean != 0).all()


def test_statistics_are_saved_with_the_weights():
    layer, fresh = ops.BatchNorm(3, num_dims=4), ops.BatchNorm(3, num_dims=4)
    layer(torch.randn(8, 3, 5, 5) * 2 + 1)
    assert set(layer.state_dict()) == {"gamma", "beta", "moving_mean", "moving_var"}
    fresh.load_state_dict(layer.state_dict())
    x = torch.randn(2, 3, 5, 5)
    assert torch.equal(layer.eval()(x), fresh.eval()(x))


def test_one_value_per_channel_is_refused_in_training_only():
    layer, x = ops.BatchNorm(3, num_dims=2), torch.randn(1, 3)
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
    ours = ops.batch_norm(
        x, gamma.view(each), beta.view(each), ours_mean, ours_var,
        training=training, momentum=momentum, eps=eps,
    )  # fmt: skip
    old = momentum * var if training else var  # its weight
    theirs = functional.batch_norm(x, mean, var, gamma, beta, training, 1 - momentum, eps)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(ours_mean.flatten(), mean)
    values = x.numel() / channels  # torch's moving variance averages unbiased ones
    torch.testing.assert_close((ours_var.flatten() - old) * values / (values - 1), var - old)


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
    expected = ops.output_size(size, kernel, stride, padding, dilation)
    x, weight = torch.empty(1, 1, size), torch.empty(1, 1, kernel)
    try:
        size = functional.conv1d(x, weight, None, stride, padding, dilation).shape[-1]
    except RuntimeError:
        size = 0
    assert expected == size


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
    expected = ops.output_size(size, kernel, stride, padding, dilation, ceil=ceil)
    x = torch.empty(1, 1, size, size)
    try:
        pooled = functional.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode=ceil)
        size = pooled.shape[-1]
    except RuntimeError:
        size = 0
    assert expected == size


NINE = torch.arange(9.0).reshape(3, 3)
K = torch.arange(4.0).reshape(2, 2)

axes = st.tuples(st.integers(1, 3), st.integers(1, 3))


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@settings(deadline=None, max_examples=60)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=axes,
    stride=axes,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=axes,
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_convolution_of_several_channels_is_torchs(
    *, size, kernel, stride, padding, dilation, channels
):
    x, weights = numbers(channels[0], *size), numbers(channels[1], channels[0], *kernel)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    try:
        expected = functional.conv2d(x[None], weights, **options)[0]
    except RuntimeError:
        with pytest.raises(ValueError, match="window spans"):
            ops.corr2d_multi_in_out(x, weights, **options)
        return
    torch.testing.assert_close(ops.corr2d_multi_in_out(x, weights, **options), expected)
    torch.testing.assert_close(ops.corr2d_multi_in(x, weights[0], **options), expected[0])
    one = functional.conv2d(x[None, :1], weights[:1, :1], **options)[0, 0]
    torch.testing.assert_close(ops.corr2d(x[0], weights[0, 0], **options), one)


@settings(deadline=None, max_examples=60)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    window=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.none() | axes,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    mode=st.sampled_from(["max", "avg"]),
)
def test_pooling_is_torchs(*, size, window, stride, padding, mode):
    x = numbers(*size)
    pool = {"max": functional.max_pool2d, "avg": functional.avg_pool2d}[mode]
    try:
        expected = pool(x[None, None], window, stride, padding)[0, 0]
    except RuntimeError:
        with pytest.raises(ValueError, match="window"):
            ops.pool2d(x, window, mode, stride=stride, padding=padding)
        return
    pooled = ops.pool2d(x, window, mode, stride=stride, padding=padding)
    torch.testing.assert_close(pooled, expected)


@settings(deadline=None, max_examples=40)
@given(c=st.integers(1, 4), out=st.integers(1, 4), h=st.integers(1, 5), w=st.integers(1, 5))
def test_one_by_one_is_a_product_of_matrices(c, out, h, w):
    x, weights = numbers(c, h, w), numbers(out, c, 1, 1)
    torch.testing.assert_close(ops.corr2d_1x1(x, weights), functional.conv2d(x[None], weights)[0])
    torch.testing.assert_close(ops.corr2d_1x1(x, weights), ops.corr2d_multi_in_out(x, weights))


def test_the_courses_first_example_and_its_flip():
    assert ops.corr2d(NINE, K).tolist() == [[19, 25], [37, 43]]
    assert ops.flip(K).tolist() == [[3, 2], [1, 0]]
    assert ops.corr2d(NINE, ops.flip(K)).tolist() == [[5, 11], [23, 29]]
    assert ops.corr2d(NINE, K.T).tolist() == [[17, 23], [35, 41]]  # transposed: something else


def test_a_weight_of_0_hides_cells_that_lie_in_the_field():
    x = NINE.clone().requires_grad_()
    z = ops.corr2d(ops.corr2d(x, K), K)
    assert z.tolist() == [[228]]
    (gradient,) = torch.autograd.grad(z.sum(), x)
    assert gradient.tolist() == [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    ones = torch.ones(2, 2)
    (everywhere,) = torch.autograd.grad(ops.corr2d(ops.corr2d(x, ones), ones).sum(), x)
    assert (everywhere > 0).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.output_size(8, kernel=0), "kernel is 0; it must be at least 1"),
        (lambda: ops.output_size(8, 3, stride=0), "stride is 0"),
        (lambda: ops.output_size(8, 3, padding=-1), "padding is -1; it must be at least 0"),
        (lambda: ops.output_size(-1, 3), "size is -1"),
        (lambda: ops.corr2d(NINE, torch.ones(4, 4)), "spans 4 × 4 cells.*only 3 × 3"),
        (lambda: ops.corr2d(NINE, K, dilation=3), "spans 4 × 4"),
        (lambda: ops.corr2d(NINE, K, stride=0), "stride is 0"),
        (lambda: ops.corr2d(NINE, K, padding=-1), "padding is -1"),
        (lambda: ops.corr2d_multi_in(NINE[None], torch.ones(2, 2, 2)), "1 channels.*made for 2"),
        (lambda: ops.corr2d_1x1(NINE[None], torch.ones(1, 1, 2, 2)), "each kernel is 1 × 1 × 1"),
        (lambda: ops.pool2d(NINE, 2, "median"), "median"),
        (lambda: ops.pool2d(NINE, 4), "spans 4 × 4"),
        (lambda: ops.pool2d(NINE, 2, stride=0), "stride is 0"),
    ],
)
def test_what_is_impossible_gets_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
