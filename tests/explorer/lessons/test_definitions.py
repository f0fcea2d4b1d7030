"""The definitions of the learning pages, pasted and run: in a namespace that has nothing else."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.lessons import blocks, definitions
from explorer.lessons.field_stack import levels, parse
from explorer.networks import ops
from explorer.ui import lesson
from tests.opened_pages import opened

X, K = torch.arange(9.0).view(3, 3), torch.arange(4.0).view(2, 2)
PICTURE, KERNELS = torch.rand(3, 7, 6), torch.rand(2, 3, 3, 2)


def pasted(*functions: Any) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(lesson.program(functions), names)  # noqa: S102 (our own lines)
    return names


def test_correlation_is_the_books_and_torchs() -> None:
    names = pasted(definitions.corr2d, definitions.corr2d_multi_in, definitions.corr2d_multi_in_out)
    assert names["corr2d"](X, K).tolist() == [[19, 25], [37, 43]]
    expected = functional.conv2d(PICTURE[None], KERNELS)[0]
    torch.testing.assert_close(names["corr2d_multi_in_out"](PICTURE, KERNELS), expected)
    ones = torch.rand(4, 3, 1, 1)
    mixed = pasted(definitions.corr2d_1x1)["corr2d_1x1"](PICTURE, ones)
    torch.testing.assert_close(mixed, functional.conv2d(PICTURE[None], ones)[0])


def test_pooling_and_batch_norm_are_torchs() -> None:
    pool = pasted(definitions.pool2d)["pool2d"]
    for mode, layer in (("max", nn.MaxPool2d), ("mean", nn.AvgPool2d)):
        torch.testing.assert_close(pool(PICTURE[0], 3, 2, mode), layer((3, 2))(PICTURE[:1])[0])
    x = torch.rand(8, 3)
    norm = pasted(definitions.batch_norm)["batch_norm"](x, torch.ones(3), torch.zeros(3))
    torch.testing.assert_close(norm, nn.BatchNorm1d(3)(x).detach())


def test_sizes_and_fields_are_the_engines() -> None:
    size = pasted(definitions.output_size)["output_size"]
    assert size(224, 11, 2, 4) == ops.output_size(224, 11, 4, 2) == 55
    field = pasted(definitions.receptive_field)["receptive_field"]
    for text in ("c3 c3 m2 c3 c3", "c3 c3d2 c3d4", "c5s2 a3s2 c3"):
        layers = [(each.kernel, each.stride, each.dilation) for each in parse(text)]
        assert field(layers) == levels(parse(text), 60)[-1].axis.size


def test_the_edge_kernel_is_learned() -> None:
    names = pasted(definitions.corr2d, definitions.learn_kernel)
    x = torch.ones(6, 8)
    x[:, 2:6] = 0
    edge = torch.tensor([[1.0, -1.0]])
    learned: Tensor = names["learn_kernel"](x, names["corr2d"](x, edge), torch.rand(1, 2), 0.02, 60)
    torch.testing.assert_close(learned, edge, atol=0.01, rtol=0)


def test_the_blocks_run() -> None:
    names = pasted(*blocks.DEFINITIONS)
    x = torch.rand(1, 8, 6, 6)
    assert names["DenseBlock"](2, 8, 3)(x).shape == (1, 14, 6, 6)
    assert names["transition_block"](8, 4)(x).shape == (1, 4, 3, 3)
    assert names["Residual"](8, 8)(x).shape == x.shape
    assert names["Inception"](8, 4, (2, 4), (2, 4), 4)(x).shape == (1, 16, 6, 6)


LEARNING = ("convolution", "channels", "pooling", "padding-stride", "check", "receptive-field",
            "batch-norm", "edge-kernel", "blocks")  # fmt: skip


@pytest.mark.parametrize("url", LEARNING)
def test_the_definition_on_the_page_runs_by_itself(url: str) -> None:
    own = [each.value for each in opened(url).code if "\ndef " in f"\n{each.value}"]
    assert own
    exec(own[-2] if len(own) > 1 else own[0], {})  # noqa: S102 (the engine's stands behind it)
