"""The blocks and what is counted in them, against PyTorch and the course's own figures."""

from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from explorer.lessons import blocks, channels
from explorer.lessons.blocks import Unreduced, Widths
from explorer.networks.architectures.densenet import DenseBlock, transition_block
from explorer.networks.architectures.resnet import Residual
from pages.learn.blocks import board

# The course's table of GoogLeNet: output channels, parameters, MACs at 224, and how many times the
# block's kernel weights there would be without reductions, in a plain 3 × 3 and in a plain 5 × 5
# convolution.
NINE = {
    "3a": (256, 163_696, 128_049_152, 2.408, 2.708, 7.524),
    "3b": (480, 388_736, 304_267_264, 2.850, 2.850, 7.916),
    "4a": (512, 376_176, 73_608_192, 4.254, 5.890, 16.360),
    "4b": (512, 449_160, 87_908_352, 4.384, 5.260, 14.612),
    "4c": (512, 510_104, 99_850_240, 4.117, 4.631, 12.864),
    "4d": (528, 605_376, 118_515_712, 3.699, 4.024, 11.177),
    "4e": (832, 868_352, 169_996_288, 3.935, 4.558, 12.662),
    "5a": (832, 1_043_456, 51_079_168, 5.159, 5.976, 16.601),
    "5b": (1024, 1_444_080, 70_697_984, 4.133, 5.314, 14.762),
}


def counted(module: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds by PyTorch's own counter."""
    with FlopCounterMode(display=False) as counter:
        module.eval()(torch.randn(shape))
    return counter.get_total_flops() // 2


# -- Inception --------------------------------------------------------------------------------


def test_the_nine_blocks_are_the_courses():
    rows = {
        name: (
            each.widths.out_channels, each.block.parameters, each.block.macs,
            *(round(each.times_fewer(it), 3) for it in (each.unreduced, each.plain3, each.plain5)),
        )
        for name, each in blocks.googlenets().items()
    }  # fmt: skip
    assert rows == NINE
    widths = {name: each.widths for name, each in blocks.googlenets().items()}
    assert [name for name, each in widths.items() if each.path4 > each.path3] == ["4a"]


widths = st.builds(Widths, *(st.integers(1, 12) for _ in range(6)))


@given(c_in=st.integers(1, 12), own=widths, side=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_what_is_counted_in_an_inception_block_is_what_pytorch_counts(c_in, own, side):
    saving = blocks.savings(c_in, own, side)
    shape = (1, c_in, side, side)
    for measured, module in (
        (saving.block, own.module(c_in)),
        (saving.unreduced, Unreduced(c_in, own.paths)),
        (saving.plain3, nn.Conv2d(c_in, own.out_channels, 3, padding=1)),
        (saving.plain5, nn.Conv2d(c_in, own.out_channels, 5, padding=2)),
    ):
        assert measured.parameters == sum(p.numel() for p in module.parameters())
        assert measured.macs == counted(module, shape)
        assert measured.output == tuple(module(torch.randn(shape)).shape)


def test_without_reductions_the_same_paths_see_the_input_itself():
    torch.manual_seed(0)
    block, x = Unreduced(3, (2, 4, 5, 1)).eval(), torch.randn(1, 3, 6, 6)
    pooled = functional.max_pool2d(x, 3, stride=1, padding=1)
    paths = [block.path1(x), block.path2(x), block.path3(x), block.path4(pooled)]
    assert torch.equal(block(x), functional.relu(torch.cat(paths, dim=1)))


# -- side by side -----------------------------------------------------------------------------


def test_at_192_to_256_inception_is_googlenets_first_and_dense_arrives_exactly():
    six = blocks.side_by_side(192, 256, 28)
    first = blocks.googlenets()["3a"].block
    assert (six["inception"].parameters, six["inception"].macs) == (first.parameters, first.macs)
    outputs = {name: block.output[1:] for name, block in six.items()}
    same = dict.fromkeys(("nin", "inception", "residual", "dense"), (256, 28, 28))
    assert outputs == {"vgg": (256, 14, 14), **same, "transition": (96, 14, 14)}


@given(c_in=st.integers(2, 40), c_out=st.integers(8, 40), side=st.integers(2, 12))
@settings(max_examples=20, deadline=None)
def test_every_pair_of_channels_gives_six_blocks_of_the_promised_shape(c_in, c_out, side):
    six = blocks.side_by_side(c_in, c_out, side)
    for name in ("vgg", "nin", "inception", "residual"):
        assert six[name].output[1] == c_out
    assert six["transition"].output == (1, c_in // 2, side // 2, side // 2)
    growth = blocks.growth_to(c_in, c_out, 2)
    assert six["dense"].output[1] == c_in + 2 * growth
    if c_out > c_in:
        assert abs(six["dense"].output[1] - c_out) <= 1


@pytest.mark.parametrize("name", ["vgg", "nin", "inception", "residual", "dense", "transition"])
def test_a_picture_shows_every_operation_once_and_inside_its_frame(name):
    operations = blocks.side_by_side(64, 96, 14)[name].graph.operations
    nodes, wires, width, height = board.picture(blocks.side_by_side(64, 96, 14)[name].graph)
    assert len(nodes) == len(operations)
    assert len(wires) == sum(len(each.inputs) for each in operations) + 1  # one out of the block
    boxes = [(n["x"] - n["w"] / 2, n["y"] - n["h"] / 2, n["x"] + n["w"] / 2, n["y"] + n["h"] / 2)
             for n in nodes]  # fmt: skip
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for a, b in combinations(boxes, 2):  # no box lies on another
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


# -- residual ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_zeroed_weights_are_the_identity_for_non_negative_input_alone(seed):
    positive = blocks.shortcut(3, 6, zeroed=True, signed=False, seed=seed)
    assert positive.x.min() >= 0
    assert positive.from_identity == 0
    cut = blocks.shortcut(3, 6, zeroed=True, signed=True, seed=seed)
    assert cut.from_identity == pytest.approx(float(-cut.x.min()))
    assert cut.from_relu == 0
    run = blocks.shortcut(3, 6, zeroed=False, signed=True, seed=seed)
    assert run.from_relu > 0
    torch.testing.assert_close(run.summed, run.x + run.learned)
    torch.testing.assert_close(run.y, functional.relu(run.summed))


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.booleans(), st.integers(1, 7))
@settings(max_examples=80, deadline=None)
def test_what_is_said_of_a_meeting_is_what_pytorch_does(c_in, c_out, strides, with_1x1, side):
    met = blocks.meeting(c_in, c_out, strides, with_1x1, side)
    block, x = Residual(c_in, c_out, with_1x1, strides).eval(), torch.randn(1, c_in, side, side)
    try:
        output = tuple(block(x).shape)
    except RuntimeError:
        assert met.outcome == "refuses"
        assert met.graph.problem
        return
    assert met.graph.output_shape == output
    assert met.outcome == ("adds" if met.learned == met.shortcut else "broadcasts")


def test_one_channel_is_stretched_in_silence():
    met = blocks.meeting(1, 3, 1, use_1x1conv=False, side=6)
    assert (met.outcome, met.graph.output_shape) == ("broadcasts", (1, 3, 6, 6))
    card = board.meeting_card("residual", "", met)
    assert [node["text"] for node in card["nodes"] if node.get("failed")] == ["+"]


# -- dense ------------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 9), st.integers(2, 9))
@settings(max_examples=25, deadline=None)
def test_dense_and_transition_are_counted_as_pytorch_does(c_in, layers, rate, side):
    growth = blocks.growth(c_in, layers, rate, side)
    total = c_in + layers * rate
    assert growth.channels == tuple(c_in + n * rate for n in range(layers + 1))
    block = DenseBlock(layers, c_in, rate)
    assert growth.block.parameters == sum(p.numel() for p in block.parameters())
    assert growth.block.macs == counted(block, (1, c_in, side, side))
    x = torch.randn(1, c_in, side, side)
    assert torch.equal(block(x)[:, :c_in], x)  # the input itself stands first
    transition = blocks.transition(total, 7, side)
    assert transition.macs == counted(transition_block(total, 7), (1, total, side, side))


def test_densenet_adds_and_halves():
    _names, channels, sides = zip(*blocks.densenets_channels(), strict=True)
    assert channels == (64, 192, 96, 224, 112, 240, 120, 248)
    assert sides == (56, 56, 28, 28, 14, 14, 7, 7)


# -- channels ---------------------------------------------------------------------------------


@given(
    st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99)
)
@settings(max_examples=25, deadline=None)
def test_a_mixture_is_torchs_convolution(ins, outs, h, w, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(ins, 5, 4, generator=generator)
    kernels = torch.randn(outs, ins, h, w, generator=generator)
    mixture = channels.mix(x, kernels)
    torch.testing.assert_close(mixture.outputs, functional.conv2d(x[None], kernels)[0])
    torch.testing.assert_close(mixture.partial.sum(1), mixture.outputs)


@pytest.mark.parametrize(("c_in", "c_out", "side"), [(3, 2, 3), (64, 32, 14), (256, 64, 28)])
def test_one_by_one_in_four_ways_differs_by_rounding_alone(c_in, c_out, side):
    x, weights = channels.random_pixels(c_in, c_out, side, 0)
    four = channels.agreement(x, weights)
    exact = torch.einsum("oc,chw->ohw", weights.double(), x.double())
    torch.testing.assert_close(four.outputs.double(), exact, atol=1e-4, rtol=1e-5)
    bound = c_in * four.spacing  # of c_in roundings, none larger than the spacing at the top
    assert max(four.product, four.linear, four.one_by_one) <= bound
    spacing = torch.nextafter(torch.tensor(four.largest), torch.tensor(1e9)) - four.largest
    assert four.spacing == float(spacing)


def test_tenths_are_tenths():
    x = channels.to_tenths(channels.random_pixels(3, 2, 3, 7)[0])
    torch.testing.assert_close(x * 10, (x * 10).round())


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(5, 9))
@settings(max_examples=25, deadline=None)
def test_a_convolutions_cost_is_what_pytorch_counts(c_in, c_out, half, side):
    kernel = 2 * half - 1
    layer = nn.Conv2d(c_in, c_out, kernel, padding=half - 1)
    cost = channels.convolution(c_in, c_out, kernel, (side, side + 1))
    assert cost.parameters == sum(p.numel() for p in layer.parameters())
    assert cost.macs == counted(layer, (1, c_in, side, side + 1))
    assert cost.outputs == layer(torch.zeros(1, c_in, side, side + 1)).numel()
