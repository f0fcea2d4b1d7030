"""Sums of the course that no page's own test holds: formulas, fields, runs and costs."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explorer.analysis import summary
from explorer.analysis.summary import Summary
from explorer.lessons import edge_kernel as engine
from explorer.networks import NetworkSpec
from explorer.networks.ops import corr2d, output_size

NINE = torch.arange(9.0).reshape(3, 3)
K = torch.arange(4.0).reshape(2, 2)


# -- output sizes: the course's p is the total of both sides ----------------------------------


@settings(deadline=None, max_examples=300)
@given(n=st.integers(1, 40), k=st.integers(1, 9), p=st.integers(0, 6), s=st.integers(1, 6))
def test_the_courses_formula_counts_both_sides(n, k, p, s):
    assume(n + 2 * p >= k)
    total = 2 * p
    assert output_size(n, k, s, p) == (n - k + total + s) // s
    if s == 1:
        assert output_size(n, k, 1, p) == n - k + total + 1


@settings(deadline=None, max_examples=100)
@given(n=st.integers(1, 40), half=st.integers(0, 4), s=st.integers(1, 6))
def test_with_k_minus_1_in_total_only_the_stride_shrinks(n, half, s):
    k = 2 * half + 1
    assert output_size(n, k, 1, half) == n
    assert output_size(n, k, s, half) == (n + s - 1) // s
    if n % s == 0:
        assert output_size(n, k, s, half) == n // s


def test_the_trap_of_the_two_meanings():
    n, k, api = 8, 3, 1
    assert (n - k + api + 1, n - k + 2 * api + 1) == (7, 8)
    x = torch.zeros(1, 1, n, n)
    assert functional.conv2d(x, torch.zeros(1, 1, k, k), padding=api).shape[-1] == 8


# -- two layers, nine cells -------------------------------------------------------------------


def test_a_weight_of_0_hides_cells_that_lie_in_the_field():
    x = NINE.clone().requires_grad_()
    z = corr2d(corr2d(x, K), K)
    assert z.tolist() == [[228]]
    (gradient,) = torch.autograd.grad(z.sum(), x)
    assert gradient.tolist() == [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    ones = torch.ones(2, 2)
    (everywhere,) = torch.autograd.grad(corr2d(corr2d(x, ones), ones).sum(), x)
    assert (everywhere > 0).all()


# -- the kernel that learns -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "losses"),
    [
        (0.01, (7.148, 0.802, 0.091, 0.011)),
        (0.016, (78.590, 68.547, 61.272, 54.805)),
        (0.0165, (126.500, 205.243, 337.657, 555.594)),
        (0.03, (257731.750, 5909179392.0, 135483501838336.0, 3106315786659037184.0)),
    ],
)
def test_rates_below_and_above_the_critical_one(rate: float, losses: tuple[float, ...]):
    problem = engine.Problem(engine.bars(), torch.tensor([[1.0, -1.0]]), bias=True)
    run = engine.descend(problem, engine.random_start(problem, 0), rate, 20)
    found = [run.records[step - 1].loss for step in (5, 10, 15, 20)]
    assert found == pytest.approx(losses, rel=1e-4, abs=6e-4)
    critical = engine.bowl(problem).critical_rate
    assert (found == sorted(found, reverse=True)) == (rate < critical)


# -- what layers cost -------------------------------------------------------------------------


def costs(found: Summary) -> list[tuple[int, int]]:
    """(parameters, MACs) of every layer with weights."""
    return [
        (layer.operation.parameters, layer.macs)
        for layer in found.layers
        if layer.operation.parameters
    ]


def test_lenets_five_layers():
    assert costs(summary.measure(NetworkSpec.parse("lenet"), (1, 28, 28))) == [
        (156, 117_600), (2_416, 240_000), (48_120, 48_000), (10_164, 10_080), (850, 840),
    ]  # fmt: skip


def test_vgg11s_layers_cost_alike_and_weigh_differently():
    assert costs(summary.measure(NetworkSpec.parse("vgg11"), (1, 224, 224))) == [
        (640, 28_901_376), (73_856, 924_844_032), (295_168, 924_844_032),
        (590_080, 1_849_688_064), (1_180_160, 924_844_032), (2_359_808, 1_849_688_064),
        (2_359_808, 462_422_016), (2_359_808, 462_422_016), (102_764_544, 102_760_448),
        (16_781_312, 16_777_216), (40_970, 40_960),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "entering"),
    [("lenet", 400), ("bn_lenet", 256), ("alexnet", 6400), ("vgg11", 25_088),
     ("googlenet", 1024), ("resnet18", 512), ("densenet", 248)],
)  # fmt: skip
def test_what_enters_the_first_linear_layer(name: str, entering: int):
    shape = {"lenet": 28, "bn_lenet": 28, "alexnet": 224, "vgg11": 224}.get(name, 96)
    found = summary.measure(NetworkSpec.parse(name), (1, shape, shape))
    first = next(each for each in found.layers if each.operation.type == "Linear")
    assert first.operation.input_shapes[0][1] == entering
