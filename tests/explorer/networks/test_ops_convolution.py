"""Convolution and pooling by their definitions against torch, and the course's figures."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.nn import functional

from explorer.data import photographs
from explorer.data.decoding.pictures import MOST_BYTES
from explorer.networks import ops

NINE = torch.arange(9.0).reshape(3, 3)
K = torch.arange(4.0).reshape(2, 2)
SIXTEEN = torch.arange(16.0).reshape(4, 4)

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
    given = {"stride": stride, "padding": padding, "dilation": dilation}
    try:
        expected = functional.conv2d(x[None], weights, **given)[0]
    except RuntimeError:
        with pytest.raises(ValueError, match="window spans"):
            ops.corr2d_multi_in_out(x, weights, **given)
        return
    torch.testing.assert_close(ops.corr2d_multi_in_out(x, weights, **given), expected)
    torch.testing.assert_close(ops.corr2d_multi_in(x, weights[0], **given), expected[0])
    one = functional.conv2d(x[None, :1], weights[:1, :1], **given)[0, 0]
    torch.testing.assert_close(ops.corr2d(x[0], weights[0, 0], **given), one)


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
    found = ops.pool2d(x, window, mode, stride=stride, padding=padding)
    torch.testing.assert_close(found, expected)


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


def test_the_courses_padded_and_strided_example():
    assert ops.corr2d(NINE, K, padding=1).tolist() == [
        [0, 3, 8, 4],
        [9, 19, 25, 10],
        [21, 37, 43, 16],
        [6, 7, 8, 0],
    ]
    assert ops.corr2d(NINE, K, padding=1, stride=(3, 2)).tolist() == [[0, 8], [6, 8]]


def test_the_courses_edges():
    bars = torch.ones(6, 8)
    bars[:, 2:6] = 0
    kernel = torch.tensor([[1.0, -1.0]])
    row = [0, 1, 0, 0, 0, -1, 0]
    assert ops.corr2d(bars, kernel).tolist() == [row] * 6
    assert ops.corr2d(bars.T, kernel).count_nonzero() == 0
    assert ops.corr2d(bars.T, kernel.T).T.tolist() == [row] * 6
    assert ops.corr2d(bars, ops.flip(kernel)).tolist() == [[-each for each in row]] * 6


def test_the_courses_channels():
    x = torch.stack([NINE, NINE + 1])
    kernel = torch.stack([K, K + 1])
    assert ops.corr2d_multi_in(x, kernel).tolist() == [[56, 72], [104, 120]]
    kernels = torch.stack([kernel, kernel + 1, kernel + 2])
    assert ops.corr2d_multi_in_out(x, kernels).tolist() == [
        [[56, 72], [104, 120]],
        [[76, 100], [148, 172]],
        [[96, 128], [192, 224]],
    ]


def test_the_courses_pooling():
    assert ops.pool2d(NINE, 2, "max", stride=1).tolist() == [[4, 5], [7, 8]]
    assert ops.pool2d(NINE, 2, "avg", stride=1).tolist() == [[2, 3], [5, 6]]
    assert ops.pool2d(SIXTEEN, 3).tolist() == [[10]]
    assert ops.pool2d(SIXTEEN, 3, padding=1, stride=2).tolist() == [[5, 7], [13, 15]]
    assert ops.pool2d(SIXTEEN, (2, 4), padding=(1, 2), stride=(2, 3)).tolist() == [
        [1, 3],
        [9, 11],
        [13, 15],
    ]
    with pytest.raises(ValueError, match="at most half the window"):
        ops.pool2d(SIXTEEN, (2, 3), padding=(1, 2), stride=(2, 3))


@pytest.mark.parametrize(
    ("call", "words"),
    [
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


# -- real pictures -----------------------------------------------------------------------------


def test_pictures_are_those_that_scikit_learn_loads():
    from sklearn.datasets import load_digits, load_sample_image

    digits = load_digits()
    for number in (0, 7, 1796):
        assert (photographs.digit(number) == digits.images[number]).all()
    whole = load_sample_image("china.jpg").mean(axis=2) / 255
    ours = photographs.photograph("china")
    assert ours.shape == (320, 480)
    assert 0 <= ours.min() < ours.max() <= 1
    assert abs(ours.mean() - whole.mean()) < 0.03  # grey weighs green more than blue
    assert photographs.patch("flower", 12).shape == (12, 12)
    assert (photographs.patch("flower", 12).min(), photographs.patch("flower", 12).max()) == (0, 9)


def picture(kind: str, size: tuple[int, int]) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(written, kind)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_upload_is_read_grey_and_shrunk(kind):
    found = photographs.start_upload(picture(kind, (1000, 500))).result()
    assert found.shape == (240, 480)
    assert found.mean() == pytest.approx((0.299 * 200 + 0.587 * 30 + 0.114 * 30) / 255, abs=0.02)


def test_sixteen_bits_and_transparency_keep_their_brightness():
    ramp = np.linspace(0, 65535, 20 * 20).reshape(20, 20).astype(np.uint16)
    deep, clear = io.BytesIO(), io.BytesIO()
    Image.fromarray(ramp).save(deep, "PNG")
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(clear, "PNG")
    grey, paper = (photographs.start_upload(each.getvalue()).result() for each in (deep, clear))
    np.testing.assert_allclose(grey, ramp / 65535, atol=0.004)
    assert paper.min() == 1  # nothing drawn


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (picture("PNG", (8000, 6000)), "too many pixels"),
        (bytes(MOST_BYTES + 1), "at most 10.0 MB"),
    ],
    ids=["empty", "large", "heavy"],
)
def test_what_is_no_such_picture_gets_a_sentence(content, words):
    with pytest.raises(ValueError, match=words):
        photographs.start_upload(content).result()
