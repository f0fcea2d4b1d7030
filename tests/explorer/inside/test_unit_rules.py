"""The arithmetic of each kind of layer, by hand."""

import pytest
import torch
from torch import nn

from explorer.inside.unit_arithmetic import (
    RULES,
    Combined,
    Copied,
    LocalResponse,
    Normalised,
    Unexplained,
    WeightedSum,
    Window,
    pixel,
)
from tests.explorer.inside.recorded_units import holds, recorded, run


# What the records say
def test_a_convolutions_patch_kernel_products_and_subtotals():
    recording = run(nn.Conv2d(4, 6, 3, padding=1, stride=2))
    layer, x = recording.step("0").module, recording.picture[0].double()
    found = pixel(recording, "0", 5, 0, 2)
    assert isinstance(found, WeightedSum)
    assert (found.source, found.channels) == ("input", (0, 1, 2, 3))
    assert (found.rows, found.columns) == ((-1, 0, 1), (3, 4, 5))
    assert found.inside.tolist() == [[False] * 3, [True] * 3, [True] * 3]
    assert not found.patch[:, 0].any()
    assert torch.equal(found.patch[:, 1:], x[:, 0:2, 3:6])
    assert isinstance(layer, nn.Conv2d)
    assert torch.equal(found.kernel, layer.weight[5].double())
    assert torch.equal(found.subtotals, (found.patch * found.kernel).sum((1, 2)))
    assert layer.bias is not None
    assert found.bias == layer.bias[5].item()


def test_a_linear_layer_after_a_map_shows_the_map():
    recording = recorded("lenet")
    found = pixel(recording, "fc1", 7)
    assert isinstance(found, WeightedSum)
    assert tuple(found.patch.shape) == (16, 5, 5)
    assert torch.equal(found.patch, recording.maps("pool2").double())
    later = pixel(recording, "fc2", 0)
    assert isinstance(later, WeightedSum)
    assert tuple(later.kernel.shape) == (120, 1, 1)


def test_who_wins_a_maximum():
    picture = torch.tensor([[[[1.0, 7, 3], [9, 2, 9], [0, 0, 0]]]])
    found = pixel(run(nn.MaxPool2d(2, stride=1), picture=picture), "0", 0, 0, 1)
    assert isinstance(found, Window)
    assert (found.winner, found.total) == ((1, 1), 9)
    assert found.patch.tolist() == [[7, 3], [2, 9]]
    below_zero = pixel(run(nn.MaxPool2d(2, padding=1), picture=-picture - 1), "0", 0, 0, 0)
    assert isinstance(below_zero, Window)
    assert below_zero.winner == (1, 1)  # a cell of the padding, 0, never wins
    assert below_zero.total == -2


def test_batch_norm_in_numbers():
    recording = run(nn.BatchNorm2d(4), training=True)
    found = pixel(recording, "0", 2, 1, 1)
    assert isinstance(found, Normalised)
    assert found.over == "batch"
    values = recording.picture[:, 2].double()
    assert found.mean == pytest.approx(float(values.mean()), abs=1e-12)
    assert found.variance == pytest.approx(float(values.var(correction=0)))
    evaluated = pixel(run(nn.BatchNorm2d(4)), "0", 2, 1, 1)
    assert isinstance(evaluated, Normalised)
    assert (evaluated.over, evaluated.mean, evaluated.variance) == ("moving", 0, 1)
    assert (evaluated.gamma, evaluated.beta, evaluated.eps) == (1, 0, 1e-5)


def test_where_a_joined_channel_came_from():
    recording = recorded("googlenet")
    join = "stage3.inception3a.cat"
    sources = recording.step(join).operation.inputs
    first = recording.maps(sources[0]).shape[0]
    found = pixel(recording, join, first + 5, 2, 3)
    assert isinstance(found, Copied)
    assert (found.part, found.source, found.from_unit) == (1, sources[1], (5, 2, 3))


def test_both_sides_of_a_residual_sum():
    recording = recorded("resnet18")
    found = pixel(recording, "stage2.block1.add", 3, 1, 1)
    assert isinstance(found, Combined)
    assert (found.sign, found.left.unit, found.right.unit) == ("+", (3, 1, 1), (3, 1, 1))
    assert {found.left.source, found.right.source} == set(
        recording.step("stage2.block1.add").operation.inputs
    )
    assert found.left.value == float(recording.maps(found.left.source)[3, 1, 1])


def test_a_gate_is_one_number_for_all_places():
    recording = recorded("torchvision/efficientnet_b0")
    gate = next(o.name for o in recording.operations if o.type == "mul")
    found = pixel(recording, gate, 3, 4, 5)
    assert isinstance(found, Combined)
    assert (3, 0, 0) in (found.left.unit, found.right.unit)


def test_dropout_says_what_it_did():
    picture = torch.ones(1, 1, 8, 8)
    recording = run(nn.Dropout(0.75), picture=picture, training=True)
    factors = set()
    for y in range(8):
        found = pixel(recording, "0", 0, y, y)
        assert isinstance(found, Copied)
        assert holds(found)
        factors.add(found.factor)
    assert factors == {0.0, 4.0}
    still = pixel(run(nn.Dropout(0.75), picture=picture), "0", 0, 1, 1)
    assert isinstance(still, Copied)
    assert (still.factor, still.source) == (1, "input")


def test_response_of_the_neighbours():
    recording = run(nn.LocalResponseNorm(3))
    found = pixel(recording, "0", 0, 2, 2)
    assert isinstance(found, LocalResponse)
    assert found.channels == (0, 1)  # the one before the first does not exist
    assert found.x == float(found.neighbours[0])


def test_an_operation_without_a_rule_shows_its_value():
    recording = run(nn.Softmax(dim=1))
    assert "Softmax" not in RULES
    found = pixel(recording, "0", 1, 1, 1)
    assert isinstance(found, Unexplained)
    assert found.sources == ("input",)
    assert found.total == float(recording.maps("0")[1, 1, 1])


@pytest.mark.parametrize("unit", [(6, 0, 0), (0, 28, 0), (-1, 0, 0), (0, 0, 99)])
def test_a_unit_that_is_not_there_is_a_sentence(unit: tuple[int, int, int]):
    with pytest.raises(ValueError, match=r"conv1 has 6 × 28 × 28 units"):
        pixel(recorded("lenet"), "conv1", *unit)
    with pytest.raises(ValueError, match="no operation"):
        pixel(recorded("lenet"), "conv9", 0)
