"""Questions about what one layer costs: its parameters and its multiply-adds."""

from random import Random

from torch import nn

from explorer.base.language import _
from explorer.lessons.quiz.layers import Conv, channels_page, conv, lines, measured, spelled_input
from explorer.lessons.quiz.record import Draft, Value


def _shown(rng: Random, level: int) -> Conv:
    """A convolution that the page on channels can show: its kernels are odd."""
    c = conv(rng, level)
    return c if c.k % 2 else _shown(rng, level)


def parameters(rng: Random, level: int) -> Draft:
    """How many parameters has a convolution or a linear layer?"""
    if level < 3 and rng.random() < 0.3:
        return _linear(rng)
    c = _shown(rng, level)
    layer = measured(c.module(), (1, c.channels, c.n, c.n))
    kernel, each = c.k * c.k, c.channels // c.groups
    weights, bias = c.out * kernel * each, c.out if c.bias else 0
    wrong: dict[Value, str] = {
        weights + (0 if c.bias else c.out): _("That forgets the biases, one for each output.")
        if c.bias
        else _("That adds biases, but bias=False."),
        weights + 1: _("That has one bias for all; there is one for each output channel.")
        if c.bias
        else _("That adds a bias, but bias=False."),
        c.out * kernel + bias: _("A kernel has one slice for each of its input channels."),
        kernel * each + bias: _("That is a single kernel; there is one for each output channel."),
        c.out * c.k * each + bias: _("A kernel is k × k, not k."),
        c.out * kernel * c.channels + bias: _("In groups, a kernel sees only its group's inputs."),
        layer.macs: _("Those are the multiplications: weights do not grow with the map."),
    }
    return Draft(
        ask=_("How many parameters has this layer?"),
        right=layer.operation.parameters,
        wrong=wrong,
        code=c.code,
        reason=lines(layer, "parameters"),
        see=c.cost(),
        facts=vars(c),
    )


def _linear(rng: Random) -> Draft:
    inputs, outputs = rng.choice((84, 120, 256, 400, 512)), rng.choice((10, 84, 120))
    layer = measured(nn.Linear(inputs, outputs, device="meta"), (1, inputs))
    wrong: dict[Value, str] = {
        inputs * outputs: _("That forgets the biases, one for each output."),
        inputs * outputs + 1: _("There is one bias for each output, not one for all."),
        inputs * outputs + inputs: _("Biases belong to the outputs, not to the inputs."),
        inputs + outputs: _("Every input has a weight to every output: multiply."),
    }
    return Draft(
        ask=_("How many parameters has this layer?"),
        right=layer.operation.parameters,
        wrong=wrong,
        code=f"nn.Linear({inputs}, {outputs})",
        reason=lines(layer, "parameters"),
        see=channels_page(c_in=inputs, c_out=outputs, kernel_size=1, height=1, width=1),
        facts={"inputs": inputs, "outputs": outputs},
    )


def macs(rng: Random, level: int) -> Draft:
    """How many multiply-adds does a convolution take for one picture?"""
    c = _shown(rng, level)
    layer = measured(c.module(), (1, c.channels, c.n, c.n))
    weights, places = layer.operation.parameters - (c.out if c.bias else 0), c.side() ** 2
    wrong: dict[Value, str] = {
        (weights + c.out) * places: _("A bias is added, not multiplied: it is no MAC."),
        2 * layer.macs: _("Those are FLOPs: a multiplication and an addition for each MAC."),
        weights: _("Those are the weights: each is used at every place of the output."),
        weights * c.n * c.n: _("Each weight works once for every place of the output, not input."),
        weights * places // (c.channels // c.groups): _("Each input channel is multiplied too."),
    }
    return Draft(
        ask=_("A picture of {shape} enters. How many multiply-adds (MACs) is that?").format(
            shape=spelled_input(c)
        ),
        right=layer.macs,
        wrong=wrong,
        code=c.code,
        reason=(*lines(layer, "output")[-1:], *lines(layer, "macs")[:1]),
        see=c.cost(),
        facts=vars(c),
    )
