"""What first kernels look for: known filters, and what does not matter to it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from explorer.inside import kernel_shapes
from explorer.inside.kernel_shapes import Kind

SOBEL = [[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]
LAPLACE = [[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]
STRIPES = [[1.0, -1, 1, -1, 1]] * 5
BOX = [[1.0] * 5] * 5


def one(*channels: list[list[float]]) -> Tensor:
    return torch.tensor([channels])


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        (one(SOBEL), "edge"),
        (one(STRIPES), "edge"),
        (one(SOBEL, SOBEL, SOBEL), "edge"),
        (one(LAPLACE), "spot"),
        (one(BOX), "level"),
        (one(BOX, BOX, BOX), "level"),
        (one(BOX, [[-1.0] * 5] * 5, [[0.0] * 5] * 5), "colour"),
        (one([[0.0] * 5] * 5), "spot"),
    ],
)
def test_known_filters(kernel: Tensor, kind: Kind) -> None:
    assert kernel_shapes.kinds(kernel) == [kind]


@given(
    seed=st.integers(0, 10_000),
    turns=st.integers(0, 3),
    factor=st.sampled_from([-3.0, -1.0, 0.01, 50.0]),
)
def test_size_sign_and_direction_do_not_matter(seed: int, turns: int, factor: float) -> None:
    kernels = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(seed))
    turned = factor * kernels.rot90(turns, (2, 3))
    assert kernel_shapes.kinds(turned) == kernel_shapes.kinds(kernels)


def test_chance_is_what_other_random_kernels_give() -> None:
    others = torch.randn(4000, 1, 5, 5, generator=torch.Generator().manual_seed(7))
    expected = kernel_shapes.shares(kernel_shapes.kinds(others))
    assert kernel_shapes.by_chance(1, 5, 5) == pytest.approx(expected, abs=0.04)
    assert sum(expected.values()) == pytest.approx(1)
