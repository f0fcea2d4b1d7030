"""Every number in a network is the sum that is written for it."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.inside.activations import Recording, record
from explorer.inside.unit_arithmetic import (
    RULES,
    Activated,
    Combined,
    Copied,
    LocalResponse,
    Normalised,
    Sum,
    Unexplained,
    WeightedSum,
    Window,
    pixel,
)
from tests.explorer.inside.recorded_networks import ROUNDING, holds, recorded, run

# Between them they have every kind of layer that the course and its relatives use.
NETWORKS = (
    "lenet", "bn_lenet", "alexnet", "nin", "googlenet", "resnet18", "densenet",
    "torchvision/squeezenet1_1", "torchvision/densenet121", "torchvision/mobilenet_v3_small",
    "torchvision/shufflenet_v2_x0_5", "torchvision/efficientnet_b0", "torchvision/convnext_tiny",
)  # fmt: skip


def any_unit(recording: Recording, name: str, dice: np.random.Generator) -> tuple[int, int, int]:
    channels, height, width = recording.maps(name).shape
    return int(dice.integers(channels)), int(dice.integers(height)), int(dice.integers(width))


def proven(recording: Recording, name: str, unit: tuple[int, int, int], picture: int = 0) -> Sum:
    """A number's arithmetic, which gives the number in the network's tensor."""
    arithmetic = pixel(recording, name, *unit, picture=picture)
    assert arithmetic.value == float(recording.maps(name, picture)[unit])
    assert holds(arithmetic), (name, unit, arithmetic.total, arithmetic.value)
    return arithmetic


def kind(expected: type[Sum], recording: Recording, *unit: Any) -> Any:
    """A number's arithmetic, of the kind that is expected."""
    arithmetic = pixel(recording, *unit)
    assert isinstance(arithmetic, expected)
    return arithmetic


def follow(recording: Recording, sum_: Sum, picture: int = 1) -> None:
    """Where a sum says that its numbers are, there they are."""
    terms: list[tuple[str, Any, float]] = []
    if isinstance(sum_, Copied):
        terms = [(sum_.source, sum_.from_unit, sum_.x)]
    elif isinstance(sum_, Combined):
        terms = [(side.source, side.unit, side.value) for side in (sum_.left, sum_.right)]
    elif isinstance(sum_, WeightedSum | Window) and sum_.operation.type.lower() != "linear":
        maps = recording.maps(sum_.source, picture)
        channels: Any = sum_.channel if isinstance(sum_, Window) else list(sum_.channels)
        for y, x in sum_.inside.nonzero().tolist():
            numbers = maps[channels, sum_.rows[y], sum_.columns[x]].double()
            assert torch.equal(numbers, sum_.patch[..., y, x]), (sum_.operation.name, sum_.unit)
    for source, unit, value in terms:
        assert not unit or recording.maps(source, picture)[unit].item() == value


# Whole networks
@pytest.mark.parametrize("name", NETWORKS)
def test_every_operation_of_every_network_adds_up(name: str):
    dice, recording = np.random.default_rng(1), recorded(name)
    for operation in recording.operations:
        arithmetic = proven(recording, operation.name, any_unit(recording, operation.name, dice))
        assert not isinstance(arithmetic, Unexplained)


def test_a_number_can_be_followed_from_the_logits_to_the_picture():
    recording, name, unit = recorded("densenet"), "fc", (3, 0, 0)
    for _step in range(500):
        arithmetic = pixel(recording, name, *unit)
        assert holds(arithmetic)
        if isinstance(arithmetic, WeightedSum):
            y, x = (places[len(places) // 2] for places in (arithmetic.rows, arithmetic.columns))
            name, unit = arithmetic.source, (arithmetic.channels[0], max(y, 0), max(x, 0))
        elif isinstance(arithmetic, Window):
            y, x = arithmetic.winner
            name, unit = (
                arithmetic.source,
                (arithmetic.channel, arithmetic.rows[y], arithmetic.columns[x]),
            )
        elif isinstance(arithmetic, Copied):
            assert arithmetic.from_unit
            name, unit = arithmetic.source, arithmetic.from_unit
        else:
            assert isinstance(arithmetic, Normalised | Activated)
            name = arithmetic.source
        if name == "input":
            return
    pytest.fail("the picture was not reached")


# Layers, with every setting
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3, padding=1, stride=2),
        nn.Conv2d(4, 6, (3, 2), padding=(2, 0), dilation=(2, 3), bias=False),
        nn.Conv2d(4, 6, 3, groups=2),
        nn.Conv2d(4, 8, 3, groups=4, padding="same", dilation=2),
        nn.Conv2d(4, 6, (4, 3), padding="same"),
        nn.Conv2d(4, 6, 3, padding="valid"),
        nn.Conv2d(4, 6, 3, padding=2, padding_mode="reflect"),
        nn.Conv2d(4, 6, (4, 3), padding="same", padding_mode="circular"),
        nn.Conv2d(4, 6, 3, padding=(1, 2), padding_mode="replicate", stride=2, dilation=2),
        nn.Conv2d(4, 6, 1),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.MaxPool2d(2, dilation=2, ceil_mode=True),
        nn.AvgPool2d(3, stride=2, padding=1),
        nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False),
        nn.AvgPool2d(2, stride=3, ceil_mode=True, padding=1),
        nn.AvgPool2d(2, divisor_override=3),
        nn.AdaptiveAvgPool2d((4, 3)),
        nn.AdaptiveMaxPool2d(5),
        nn.AdaptiveAvgPool2d((1, None)),
        nn.LocalResponseNorm(3, alpha=0.5, beta=0.7, k=2),
        nn.LocalResponseNorm(4, alpha=0.5),
        nn.LayerNorm([9, 8]),
        nn.GroupNorm(2, 4),
        nn.InstanceNorm2d(4),
        nn.BatchNorm2d(4),
        nn.BatchNorm2d(4, affine=False, track_running_stats=False),
        nn.Linear(8, 5),
        nn.Linear(8, 5, bias=False),
        nn.LeakyReLU(0.3),
        nn.ELU(),
        nn.GELU(),
        nn.Hardswish(),
        nn.Softplus(),
        nn.PixelShuffle(2),
        nn.PixelUnshuffle(1),
        nn.ZeroPad2d(2),
        nn.ConstantPad2d((1, 2, 0, 1), 3.5),
        nn.ConstantPad2d(1, 1.0),
        nn.ReflectionPad2d(2),
        nn.ReplicationPad2d((0, 3, 1, 1)),
        nn.CircularPad2d(1),
        nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
    ],
    ids=str,
)
def test_layers_with_all_their_settings(layer: nn.Module):
    for training in (False, True):
        recording = run(layer, picture=torch.randn(2, 4, 9, 8), training=training)
        channels, height, width = recording.maps("0").shape
        dice = np.random.default_rng(2)
        corners = [(0, 0, 0), (channels - 1, height - 1, width - 1)]
        for unit in [*corners, *(any_unit(recording, "0", dice) for _ in range(20))]:
            for picture in (0, 1):
                arithmetic = proven(recording, "0", unit, picture)
                assert not isinstance(arithmetic, Unexplained)
                follow(recording, arithmetic, picture)


class Function(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function, self.first = function, nn.Identity()
        self.weight = nn.Parameter(torch.randn(4, 1, 1))
        self.kernel = nn.Parameter(torch.randn(6, 4, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, self.first(x))


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: x + 2,
        lambda m, x: 2 - x,
        lambda m, x: torch.rsub(x, 2, alpha=3),
        lambda m, x: torch.add(x, x, alpha=0.5),
        lambda m, x: x * m.weight,
        lambda m, x: x * x.mean((2, 3), keepdim=True),
        lambda m, x: x / (x.mean() + 3),
        lambda m, x: 1 / x,
        lambda m, x: x.mean((2, 3)),
        lambda m, x: x.mean(1, keepdim=True),
        lambda m, x: x.mean(-1),
        lambda m, x: functional.conv2d(x, m.kernel, padding=1, stride=(2, 1)),
        lambda m, x: functional.conv2d(x, m.kernel[:, :2], groups=2, bias=m.kernel[:, 0, 0, 0]),
        lambda m, x: functional.linear(x, m.kernel[:, 0, 0, :1].expand(6, 8)),
        lambda m, x: functional.max_pool2d(x, 3, 2, padding=1),
        lambda m, x: functional.avg_pool2d(x, 3, 2, 1, True, False),
        lambda m, x: functional.adaptive_avg_pool2d(x, 2),
        lambda m, x: functional.batch_norm(x, x.mean((0, 2, 3)), x.var((0, 2, 3)), eps=0.1),
        lambda m, x: functional.relu(x, inplace=True),
        lambda m, x: functional.hardtanh(x, -0.5, 0.5),
        lambda m, x: x.clamp(min=0.2),
        lambda m, x: torch.cat((x, x + 1, x), dim=1),
        lambda m, x: torch.cat((x, x * 2), dim=3),
        lambda m, x: x.permute(0, 3, 1, 2),
        lambda m, x: x.flatten(2).transpose(1, 2),
        lambda m, x: x.view(2, 2, 2, 9, 8).transpose(1, 2).reshape(2, 4, 9, 8),
        lambda m, x: x.chunk(2, dim=1)[0],
        lambda m, x: x[:, 1:3, ::2],
        lambda m, x: functional.pad(x, (1, 2, 0, 1)),
        lambda m, x: torch.roll(x, 1, 1)[:, None].squeeze(1),
    ],
)
def test_functions_between_layers(function: Any):
    torch.manual_seed(3)
    recording, dice = record(Function(function), torch.randn(2, 4, 9, 8)), np.random.default_rng(3)
    for operation in recording.operations:
        if not operation.reads_picture or operation.type in ("var", "roll"):
            continue
        for _ in range(20):
            proven(recording, operation.name, any_unit(recording, operation.name, dice))


class Many(nn.Module):
    """Calls functions in unusual ways: arguments by name and in another order, modes, constants."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(6, 2, 3, 3))
        self.bias = nn.Parameter(torch.randn(6))
        self.row = nn.Parameter(torch.arange(8.0))

    def forward(self, x: Tensor) -> Tensor:
        a = functional.conv2d(
            weight=self.kernel, bias=self.bias, groups=2, input=x, dilation=(2, 1)
        )
        b = functional.pad(x, (1, 2, 3, 0), value=2.0)
        c = functional.pad(b, (1, 2, 1, 2), mode="reflect")
        d = functional.pad(c, (1, 2, 1, 2), "replicate")
        e = functional.pad(d, [2, 2, 1, 1], mode="circular")
        f = functional.pad(e, (0, 0, 1, 1), "constant", 7.0)
        g = torch.sub(other=x, input=2 * x, alpha=1000)
        h = torch.div(g, x, rounding_mode="floor") + g.div(3, rounding_mode="trunc") + x // 0.3
        i = torch.cat(tensors=(self.row.expand(2, 4, 1, 8), x, x[:, :, :1] * 0), axis=2)
        j = functional.avg_pool2d(kernel_size=3, input=i, ceil_mode=True, stride=2, padding=1)
        k = functional.avg_pool2d(i, 3, 2, 1, True, False, 5)
        m = functional.max_pool2d(stride=2, input=k, kernel_size=2, dilation=2, ceil_mode=True)
        n = functional.linear(weight=self.row[:5].expand(3, 5), input=j[..., :5])
        o = torch.mean(input=n, dim=(-1, -2), keepdim=True) - n.mean(1, keepdim=True) + n.mean([])
        p = torch.permute(dims=(0, 2, 3, 1), input=x)[..., [0, 2]].to(torch.float16).float()
        q = x.clamp(min=x.mean()) + torch.pow(x.abs(), x.abs()) + x.half().mul(3).float()
        r = x / (x.relu() * 0) + x[(x.flatten()[:4] > 0).long().argmax().reshape(1).clamp(max=1)]
        s = torch.rsub(input=x, other=r, alpha=2).log() + q.sum()
        return a.sum() + f.sum() + h.sum() + m.sum() + o.sum() + p.sum() + s.sum()


def test_no_call_however_unusual_gives_a_wrong_sum():
    torch.manual_seed(5)
    recording, dice = record(Many(), torch.randn(2, 4, 9, 8)), np.random.default_rng(5)
    kinds: dict[str, set[str]] = {}
    for operation in recording.operations:
        if operation.output_shape and operation.output_shape[0] != 2:
            continue  # no batch
        channels, height, width = recording.maps(operation.name).shape
        edges = [(0, 0, 0), (channels - 1, height - 1, width - 1), (0, height - 1, 0)]
        for unit in [*edges, *(any_unit(recording, operation.name, dice) for _ in range(30))]:
            arithmetic = pixel(recording, operation.name, *unit, picture=1)
            value = recording.maps(operation.name, 1)[unit].item()
            assert arithmetic.value == value or np.isnan(value)
            half = recording.values(operation.name).dtype == torch.float16
            near = abs(arithmetic.total - value) <= (1e-3 if half else ROUNDING) * arithmetic.scale
            assert (
                near
                or arithmetic.total == value
                or (np.isnan(value) and np.isnan(arithmetic.total))
            )
            follow(recording, arithmetic)
            kinds.setdefault(operation.name, set()).add(type(arithmetic).__name__)
    closed = "div div_2 floor_divide mean_2 to half pow".split()  # `mean_2` is over channels
    assert all(kinds[name] == {"Unexplained"} for name in closed)
    taken_apart = (
        "conv2d pad pad_2 pad_3 pad_4 pad_5 sub cat avg_pool2d avg_pool2d_2 max_pool2d linear"
    )
    taken_apart += " mean sub_2 permute getitem_4 clamp div_3 sub_3"
    assert not any("Unexplained" in kinds[name] for name in taken_apart.split())


def test_a_padded_value_is_no_number_of_the_picture():
    recording = run(nn.ConstantPad2d(1, 2.0), picture=torch.arange(16.0).view(1, 1, 4, 4))
    edge, inner = pixel(recording, "0", 0, 0, 3), pixel(recording, "0", 0, 1, 3)
    assert isinstance(edge, Copied)
    assert (edge.source, edge.from_unit, edge.total) == ("", None, 2.0)
    assert isinstance(inner, Copied)
    assert (inner.source, inner.from_unit, inner.total) == ("input", (0, 0, 2), 2.0)


class Conv2d(nn.Conv2d):
    """Has the name of a layer that is known, and computes something else."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (its name in torch)
        return super().forward(input) * 1.001


def test_a_rule_that_does_not_hold_is_not_told():
    arithmetic = kind(Unexplained, run(Conv2d(4, 6, 3)), "0", 1, 2, 3)
    assert arithmetic.total == arithmetic.value


def test_a_chunk_that_is_not_the_first_is_not_looked_for_in_the_first():
    network = Function(lambda _m, x: torch.cat(x.chunk(2, 1)[::-1], 1))
    recording = record(network, torch.rand(2, 4, 9, 8))
    moved = [pixel(recording, "cat", channel, 1, 1) for channel in range(4)]
    assert all(isinstance(each, Copied) and each.source == "chunk" for each in moved)
    units = [each.from_unit for each in moved if isinstance(each, Copied)]
    assert units == [None, None, (0, 1, 1), (1, 1, 1)]


# What the records say
def test_a_convolutions_patch_kernel_products_and_subtotals():
    recording = run(nn.Conv2d(4, 6, 3, padding=1, stride=2))
    layer, x = recording.step("0").module, recording.picture[0].double()
    arithmetic = kind(WeightedSum, recording, "0", 5, 0, 2)
    assert (arithmetic.source, arithmetic.channels) == ("input", (0, 1, 2, 3))
    assert (arithmetic.rows, arithmetic.columns) == ((-1, 0, 1), (3, 4, 5))
    assert arithmetic.inside.tolist() == [[False] * 3, [True] * 3, [True] * 3]
    assert not arithmetic.patch[:, 0].any()
    assert torch.equal(arithmetic.patch[:, 1:], x[:, 0:2, 3:6])
    assert isinstance(layer, nn.Conv2d)
    assert torch.equal(arithmetic.kernel, layer.weight[5].double())
    assert torch.equal(arithmetic.subtotals, (arithmetic.patch * arithmetic.kernel).sum((1, 2)))
    assert layer.bias is not None
    assert arithmetic.bias == layer.bias[5].item()


def test_a_linear_layer_after_a_map_shows_the_map():
    recording = recorded("lenet")
    arithmetic = kind(WeightedSum, recording, "fc1", 7)
    assert tuple(arithmetic.patch.shape) == (16, 5, 5)
    assert torch.equal(arithmetic.patch, recording.maps("pool2").double())
    later = kind(WeightedSum, recording, "fc2", 0)
    assert tuple(later.kernel.shape) == (120, 1, 1)


def test_who_wins_a_maximum():
    picture = torch.tensor([[[[1.0, 7, 3], [9, 2, 9], [0, 0, 0]]]])
    arithmetic = kind(Window, run(nn.MaxPool2d(2, stride=1), picture=picture), "0", 0, 0, 1)
    assert (arithmetic.winner, arithmetic.total) == ((1, 1), 9)
    assert arithmetic.patch.tolist() == [[7, 3], [2, 9]]
    below_zero = kind(Window, run(nn.MaxPool2d(2, padding=1), picture=-picture - 1), "0", 0, 0, 0)
    assert below_zero.winner == (1, 1)  # a cell of the padding, 0, never wins
    assert below_zero.total == -2


def test_batch_norm_in_numbers():
    recording = run(nn.BatchNorm2d(4), training=True)
    arithmetic = kind(Normalised, recording, "0", 2, 1, 1)
    assert arithmetic.over == "batch"
    values = recording.picture[:, 2].double()
    assert arithmetic.mean == pytest.approx(float(values.mean()), abs=1e-12)
    assert arithmetic.variance == pytest.approx(float(values.var(correction=0)))
    evaluated = kind(Normalised, run(nn.BatchNorm2d(4)), "0", 2, 1, 1)
    assert (evaluated.over, evaluated.mean, evaluated.variance) == ("moving", 0, 1)
    assert (evaluated.gamma, evaluated.beta, evaluated.eps) == (1, 0, 1e-5)


def test_a_gate_is_one_number_for_all_places():
    recording = recorded("torchvision/efficientnet_b0")
    gate = next(o.name for o in recording.operations if o.type == "mul")
    arithmetic = kind(Combined, recording, gate, 3, 4, 5)
    assert (3, 0, 0) in (arithmetic.left.unit, arithmetic.right.unit)


def test_dropout_says_what_it_did():
    picture = torch.ones(1, 1, 8, 8)
    recording = run(nn.Dropout(0.75), picture=picture, training=True)
    factors = set()
    for y in range(8):
        arithmetic = pixel(recording, "0", 0, y, y)
        assert isinstance(arithmetic, Copied)
        assert holds(arithmetic)
        factors.add(arithmetic.factor)
    assert factors == {0.0, 4.0}
    still = kind(Copied, run(nn.Dropout(0.75), picture=picture), "0", 0, 1, 1)
    assert (still.factor, still.source) == (1, "input")


def test_response_of_the_neighbours():
    recording = run(nn.LocalResponseNorm(3))
    arithmetic = kind(LocalResponse, recording, "0", 0, 2, 2)
    assert arithmetic.channels == (0, 1)  # the one before the first does not exist
    assert arithmetic.x == float(arithmetic.neighbours[0])


def test_an_operation_without_a_rule_shows_its_value():
    recording = run(nn.Softmax(dim=1))
    assert "Softmax" not in RULES
    arithmetic = kind(Unexplained, recording, "0", 1, 1, 1)
    assert arithmetic.total == float(recording.maps("0")[1, 1, 1])


@pytest.mark.parametrize("unit", [(6, 0, 0), (0, 28, 0), (-1, 0, 0), (0, 0, 99)])
def test_a_unit_that_is_not_there_is_a_sentence(unit: tuple[int, int, int]):
    with pytest.raises(ValueError, match=r"conv1 has 6 × 28 × 28 units"):
        pixel(recorded("lenet"), "conv1", *unit)
    with pytest.raises(ValueError, match="no operation"):
        pixel(recorded("lenet"), "conv9", 0)
