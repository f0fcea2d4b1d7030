"""Stacks of layers against torch: sizes, exact fields by gradient, the effective field."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explorer.lessons import field_stack as stack
from explorer.lessons.field_stack import Layer


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    kind = draw(st.sampled_from(["conv", "max", "avg"]))
    kernel = draw(st.integers(1, 5))
    dilation = draw(st.integers(1, 3)) if kind == "conv" else 1
    most = dilation * (kernel - 1) if kind == "conv" else kernel // 2
    return Layer(kind, kernel, draw(st.integers(1, 3)), draw(st.integers(0, most)), dilation)


def through(x: torch.Tensor, layer: Layer) -> torch.Tensor:
    """The layer along one axis in torch, all weights one: nothing cancels, nothing is hidden."""
    if layer.kind == "conv":
        weight = torch.ones(1, 1, layer.kernel, dtype=x.dtype)
        return functional.conv1d(x, weight, None, layer.stride, layer.padding, layer.dilation)
    # Also for max pooling: which of its cells wins is the picture's affair, all are in the field.
    return functional.avg_pool1d(x, layer.kernel, layer.stride, layer.padding)


@settings(deadline=None, max_examples=200)
@given(chain=st.lists(layers(), min_size=1, max_size=5), side=st.integers(4, 40), data=st.data())
def test_every_units_field_is_where_torchs_gradient_is_not_zero(chain, side, data):
    try:
        levels = stack.levels(chain, side)
    except ValueError:
        assume(False)
    maps = [torch.ones(1, 1, side, dtype=torch.float64, requires_grad=True)]
    for layer in chain:
        maps.append(through(maps[-1], layer))
    assert [level.units for level in levels] == [x.shape[-1] for x in maps]
    level = data.draw(st.integers(1, len(chain)))
    unit = data.draw(st.integers(0, levels[level].units - 1))
    lit = stack.cells(levels, level, unit)
    spans = stack.boxes(levels, level, unit)
    gradients = torch.autograd.grad(maps[level][0, 0, unit], maps[: level + 1])
    for cells, span, gradient in zip(lit, spans, gradients, strict=True):
        assert cells == tuple(gradient.flatten().nonzero().flatten().tolist())
        if cells:
            assert span == (cells[0], cells[-1])


@settings(deadline=None, max_examples=100)
@given(chain=st.lists(layers(), min_size=1, max_size=4))
def test_size_and_jump_are_those_of_a_unit_far_from_the_border(chain):
    side = 400
    try:
        levels = stack.levels(chain, side)
    except ValueError:
        assume(False)
    last = levels[-1]
    middle = last.units // 2
    first, end = stack.boxes(levels, len(chain), middle)[0]
    assume(first > 0 and end < side - 1 and middle + 1 < last.units)
    # Without dilation in the first layer the box is the field; its ends are always read.
    start = last.axis.start + middle * last.axis.jump
    assert (first, end - first + 1) == (start, last.axis.size)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("c2 c2", [2, 3]),  # the course: one output cell sees 3 × 3 = 9
        ("c3 c3", [3, 5]),
        ("c5", [5]),
        ("c3 c3 c3", [3, 5, 7]),
        ("c5p2 a2 c5 a2", [5, 6, 14, 16]),  # LeNet
        ("c3p1 p2 c3p1 p2 c3p1 c3p1 p2", [3, 4, 8, 10, 18, 26, 30]),  # VGG-11, three blocks
        ("c3p1 p2 c3p1 p2 c3p1 c3p1 p2 c3p1 c3p1 p2 c3p1 c3p1", [134]),  # the last map of all
        ("c11s4p1 p3s2 c5p2 p3s2 c3p1 c3p1 c3p1 p3s2", [195]),  # AlexNet's
    ],
)
def test_the_courses_fields(text: str, fields: list[int]):
    levels = stack.levels(stack.parse(text), 224)
    assert [level.axis.size for level in levels[-len(fields) :]] == fields


@given(chain=st.lists(layers(), min_size=1, max_size=6))
def test_a_stack_is_read_back_as_it_is_spelled(chain):
    assert stack.parse(stack.spell(chain)) == tuple(chain)


def test_defaults_are_torchs():
    assert stack.parse("C3, p2  a3s2p1")[1:] == (Layer("max", 2, 2), Layer("avg", 3, 2, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"), ("c3 hello", "“hello”"), ("c", "“c”"), ("nan", "“nan”"),
        ("c3s2s2", "“c3s2s2”"), ("c0", "kernel is 0"), ("c3s0", "stride is 0"),
        ("c3d0", "dilation is 0"), ("c999999999", "kernel is 999999999"),
        ("c3p3", "padding is 3, but here it is from 0 to 2"),
        ("p3p2", "padding is 2, but here it is from 0 to 1"), ("a3d2", "dilation is 2"),
        ("c-3", "“c-3”"), ("c1e9", "“c1e9”"), (" ".join(["c3"] * 13), "13 layers"),
        ("c3 p2 c5", "Layer 3 (c5) has a window of 5 cells, but 4 arrive"),
    ],
)  # fmt: skip
def test_bad_text_is_answered_by_a_sentence(text: str, words: str):
    with pytest.raises(ValueError, match=r"\.$") as error:
        stack.levels(stack.parse(text), 10)
    assert words in str(error.value)


def test_equal_weights_give_the_effective_field_by_hand():
    # Two all-ones kernels in a row: 1 2 3 2 1 along each axis (Luo et al., section 2.2).
    field = stack.effective(stack.parse("c3 c3"), 9, seeds=2, channels=1, weighted="ones")
    row = torch.tensor([1, 2, 3, 2, 1], dtype=torch.float64) / 9
    assert field.box == (2, 6)
    torch.testing.assert_close(field.strength[2:7, 2:7], torch.outer(row, row))
    # Centre quarter: 1.25 … 3.75 of the 5 pixels: ¾ of a 2, the 3, ¾ of a 2 = 6 of 9.
    assert field.within == pytest.approx((6 / 9) ** 2)


@settings(deadline=None, max_examples=25)
@given(chain=st.lists(layers(), min_size=1, max_size=4), relu=st.booleans())
def test_no_gradient_leaves_the_theoretical_box(chain, relu):
    try:
        field = stack.effective(chain, 21, seeds=4, channels=2, relu=relu)
    except ValueError:
        assume(False)
    first, last = field.box
    assert field.strength.sum() == pytest.approx(1)
    field.strength[first : last + 1, first : last + 1] = 0
    assert not field.strength.any()


def test_the_effective_field_is_concentrated_and_relatively_shrinks_with_depth():
    shares = [
        stack.effective(stack.parse(" ".join(["c3"] * depth)), 2 * depth + 1).within
        for depth in (1, 4, 10)
    ]
    # ¼ at depth 1 for equal pixels; Luo et al.: the effective part shrinks as 1 / √depth.
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.6
