"""Questions about one layer that is made up on the spot: its sizes, and what it costs."""

import math
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from torch import nn

from explorer.analysis import wording
from explorer.analysis.summary import Layer, dissect
from explorer.base import python_source
from explorer.base.language import _
from explorer.base.units import exact, times
from explorer.lessons.quiz.record import Draft, See
from explorer.networks.ops import output_size


@dataclass(frozen=True)
class Conv:
    """A square convolution and the picture that it gets, (C, n, n)."""

    channels: int
    out: int
    n: int
    k: int
    s: int = 1
    p: int = 0
    d: int = 1
    groups: int = 1
    bias: bool = True

    def module(self) -> nn.Conv2d:
        """The layer on the meta device."""
        return nn.Conv2d(
            self.channels, self.out, self.k, self.s, self.p, self.d, self.groups, self.bias,
            device="meta",
        )  # fmt: skip

    def side(self, **changed: Any) -> int:
        """The output's height and width, by the formula, with some settings changed."""
        layer = replace(self, **changed)
        return output_size(layer.n, layer.k, layer.s, layer.p, layer.d)

    @property
    def code(self) -> str:
        """As it is written; what is torch's default is left out."""
        return python_source.call(
            "nn.Conv2d", self.channels, self.out, f"kernel_size={self.k}", stride=(self.s, 1),
            padding=(self.p, 0), dilation=(self.d, 1), groups=(self.groups, 1),
            bias=(self.bias, True),
        )  # fmt: skip

    def cost(self) -> See:
        """The channels page, set up with what this layer costs."""
        sizes = {"c_in": self.channels // self.groups, "c_out": self.out, "kernel_size": self.k}
        sizes |= {"height": self.side(), "width": self.side()}
        return _channels_page(**sizes)

    def see(self) -> See:
        """The padding page, set up with this window."""
        sizes = {"size": self.n, "kernel": self.k, "padding": self.p, "stride": self.s}
        return See.page("padding-stride", "pad", view="one", **sizes, dilation=self.d)

    def measured(self) -> Layer:
        """The engine's record of it."""
        return measured(self.module(), (1, self.channels, self.n, self.n))

    @property
    def picture(self) -> str:
        """What enters: "3 × 28 × 28"."""
        return times((self.channels, self.n, self.n))


def _channels_page(**sizes: int) -> See:
    return See.page("channels", "channels", part="cost", **sizes)


def conv(rng: Random, level: int) -> Conv:
    """A convolution whose window fits; dilation and groups only at level 3."""
    hard = level > 2
    groups = rng.choice((1, 1, 2, 4)) if hard else 1
    layer = Conv(
        channels=groups * rng.choice((1, 3, 6, 16, 32) if groups == 1 else (4, 8, 16)),
        out=groups * rng.choice((4, 6, 8, 16, 32)),
        n=rng.randint(7, 32) if level < 3 else rng.randint(15, 64),
        k=rng.choice((2, 3, 5) if level < 2 else (3, 4, 5, 7)),
        s=rng.choice((1, 2) if level < 2 else (1, 2, 3, 4)),
        p=rng.choice((0, 1) if level < 2 else (0, 1, 2, 3)),
        d=rng.choice((1, 2, 3)) if hard else 1,
        groups=groups,
        bias=rng.random() < 0.75,
    )
    return layer if layer.side() > 1 else conv(rng, level)


def measured(module: nn.Module, shape: tuple[int, ...]) -> Layer:
    """The engine's record of one layer for an input of this shape."""
    _graph, layers, _tree, _totals = dissect(nn.Sequential(module).eval(), shape)
    return layers[0]


def _out(layer: Layer) -> tuple[int, ...]:
    """Its output's (C, H, W)."""
    assert layer.operation.output_shape is not None
    return layer.operation.output_shape[1:]


def lines(layer: Layer, column: str) -> tuple[str, ...]:
    """The arithmetic behind one of a layer's numbers, as the Layers page writes it."""
    parts = wording.derivations(layer, (1, 1, 1, 1))  # the picture's size only changes a note
    return next((part.lines for part in parts if part.column == column), ())


def _keeps_its_size(c: Conv) -> str:
    if c.d > 1:
        return _("The size stays only with padding d(k − 1)/2 and stride 1.")
    return _("The size stays only with padding (k − 1)/2 and stride 1.")


# -- sizes ------------------------------------------------------------------------------------


def output_side(rng: Random, level: int) -> Draft:
    """How wide is the output?"""
    c = conv(rng, level)
    layer = c.measured()
    room = c.n + 2 * c.p - c.d * (c.k - 1) - 1
    wrong = {
        c.side(p=0): _("That is without the padding."),
        output_size(c.n + c.p, c.k, c.s, 0, c.d): _(
            "That counts the padding once. It is per side: {total} in all."
        ).format(total=2 * c.p),
        room // c.s: _("The + 1 is missing: the first place of the window counts too."),
        c.side(s=1): _("That is with stride 1."),
        math.ceil(room / c.s) + 1: _("That rounds up; what does not fill a step is dropped."),
        c.side(d=1): _("That is without the dilation."),
        c.n: _keeps_its_size(c),
    }
    return Draft(
        ask=_("A picture of {shape} enters. How many cells **wide** is the output?").format(
            shape=c.picture
        ),
        right=_out(layer)[2],
        wrong={side: mistake for side, mistake in wrong.items() if side > 0},
        code=c.code,
        reason=lines(layer, "output"),
        see=c.see(),
        facts=vars(c),
    )


def shape(rng: Random, level: int) -> Draft:
    """Which shape has the output, of a convolution or a pooling?"""
    c = conv(rng, level)
    if rng.random() < 0.5:
        return _pool_shape(replace(c, k=rng.choice((2, 3)), p=0, d=1), rng)
    layer = c.measured()
    side = c.side()
    return Draft(
        ask=_("A picture of {shape} enters. What leaves?").format(shape=c.picture),
        right=times(_out(layer)),
        wrong={
            times((c.channels, side, side)): _(
                "The output has as many channels as there are kernels."
            ),
            times((c.out, c.side(p=0), c.side(p=0))): _("That is without the padding."),
            times((c.out, c.side(s=1), c.side(s=1))): _("That is with stride 1."),
            times((c.out * c.channels, side, side)): _(
                "Each kernel adds up over all input channels: one map for each kernel."
            ),
            times((c.out, c.n, c.n)): _keeps_its_size(c),
        },
        code=c.code,
        reason=lines(layer, "output"),
        note=_("Channels: one for each of the {n} kernels.").format(n=c.out),
        see=c.see(),
        facts=vars(c),
    )


def _pool_shape(c: Conv, rng: Random) -> Draft:
    stride = c.s if rng.random() < 0.5 else None
    c = replace(c, s=stride or c.k, groups=1)
    extra = f", stride={stride}" if stride else ""
    layer = measured(nn.MaxPool2d(c.k, stride), (1, c.channels, c.n, c.n))
    side = c.side()
    return Draft(
        ask=_("A map of {shape} enters. What leaves?").format(shape=c.picture),
        right=times(_out(layer)),
        wrong={
            times((c.channels, c.side(s=1), c.side(s=1))): _(
                "That is with stride 1. A pooling's stride is its window, unless it is told."
            ),
            times((c.channels, side + 1, side + 1)): _("That is one place too many: round down."),
            times((1, side, side)): _("Pooling treats every channel by itself: all of them stay."),
            times((c.channels, c.n // 2, c.n // 2)): _("Pooling halves only with a stride of 2."),
        },
        code=f"nn.MaxPool2d({c.k}{extra})",
        reason=lines(layer, "output"),
        note=_("A pooling has no kernels: the channels stay."),
        see=c.see(),
        facts={"pool": c.k, "stride": stride, "channels": c.channels, "n": c.n},
    )


def effect(rng: Random, level: int) -> Draft:
    """What does a change of stride, padding or input do to output and parameters?"""
    c = replace(conv(rng, level), s=1, d=1)
    what = rng.choice(("stride", "padding", "input"))
    if what == "stride":
        new, change = replace(c, s=rng.choice((2, 3))), "stride=1 → stride={n}"
        change, fewer = change.format(n=new.s), c.module().weight.numel() // new.s**2
    elif what == "padding":
        new = replace(c, p=c.p + rng.choice((1, 2)))
        change = f"padding={c.p} → padding={new.p}"
        fewer = c.out * (c.k + 2 * new.p) ** 2 * c.channels // c.groups
    else:
        new = replace(c, n=2 * c.n)
        change, fewer = f"{c.picture} → {new.picture}", 4 * c.module().weight.numel()
    bias = c.out if c.bias else 0
    layer = new.measured()
    parameters = layer.operation.parameters
    pair = _("output {side} × {side}, {n} parameters")

    def label(side: int, count: int) -> str:
        return pair.format(side=side, n=exact(count))

    share = _("No weight belongs to a place: stride, padding and input size cost no parameters.")
    return Draft(
        ask=_(
            "A picture of {shape} enters this layer. Then one thing is changed: **{told}**. "
            "What is the result?"
        ).format(shape=c.picture, told=change),
        right=label(_out(layer)[1], parameters),
        wrong={
            label(c.side(), parameters): _("The output's size does change."),
            label(new.side(), fewer + bias): share,
            label(c.side(), fewer + bias): share,
            label(new.side() + 1, parameters): _("One place too many: round down."),
        },
        code=c.code,
        reason=(*lines(layer, "output"), *lines(layer, "parameters")),
        note=share,
        see=new.see(),
        facts=vars(new),
    )


# -- costs ------------------------------------------------------------------------------------


def _odd(rng: Random, level: int) -> Conv:
    """A convolution that the page on channels can show: its kernels are odd."""
    c = conv(rng, level)
    return c if c.k % 2 else _odd(rng, level)


def parameters(rng: Random, level: int) -> Draft:
    """How many parameters has a convolution or a linear layer?"""
    if level < 3 and rng.random() < 0.3:
        return _linear(rng)
    c = _odd(rng, level)
    layer = c.measured()
    kernel, each = c.k * c.k, c.channels // c.groups
    weights, bias = c.out * kernel * each, c.out if c.bias else 0
    return Draft(
        ask=_("How many parameters has this layer?"),
        right=layer.operation.parameters,
        wrong={
            weights + (0 if c.bias else c.out): _("That forgets the biases, one for each output.")
            if c.bias
            else _("That adds biases, but bias=False."),
            weights + 1: _("That has one bias for all; there is one for each output channel.")
            if c.bias
            else _("That adds a bias, but bias=False."),
            c.out * kernel + bias: _("A kernel has one slice for each of its input channels."),
            kernel * each + bias: _(
                "That is a single kernel; there is one for each output channel."
            ),
            c.out * c.k * each + bias: _("A kernel is k × k, not k."),
            c.out * kernel * c.channels + bias: _(
                "In groups, a kernel sees only its group's inputs."
            ),
            layer.macs: _("Those are the multiplications: weights do not grow with the map."),
        },
        code=c.code,
        reason=lines(layer, "parameters"),
        see=c.cost(),
        facts=vars(c),
    )


def _linear(rng: Random) -> Draft:
    inputs, outputs = rng.choice((84, 120, 256, 400, 512)), rng.choice((10, 84, 120))
    layer = measured(nn.Linear(inputs, outputs, device="meta"), (1, inputs))
    return Draft(
        ask=_("How many parameters has this layer?"),
        right=layer.operation.parameters,
        wrong={
            inputs * outputs: _("That forgets the biases, one for each output."),
            inputs * outputs + 1: _("There is one bias for each output, not one for all."),
            inputs * outputs + inputs: _("Biases belong to the outputs, not to the inputs."),
            inputs + outputs: _("Every input has a weight to every output: multiply."),
        },
        code=f"nn.Linear({inputs}, {outputs})",
        reason=lines(layer, "parameters"),
        see=_channels_page(c_in=inputs, c_out=outputs, kernel_size=1, height=1, width=1),
        facts={"inputs": inputs, "outputs": outputs},
    )


def macs(rng: Random, level: int) -> Draft:
    """How many multiply-adds does a convolution take for one picture?"""
    c = _odd(rng, level)
    layer = c.measured()
    weights, places = layer.operation.parameters - (c.out if c.bias else 0), c.side() ** 2
    return Draft(
        ask=_("A picture of {shape} enters. How many multiply-adds (MACs) is that?").format(
            shape=c.picture
        ),
        right=layer.macs,
        wrong={
            (weights + c.out) * places: _("A bias is added, not multiplied: it is no MAC."),
            2 * layer.macs: _("Those are FLOPs: a multiplication and an addition for each MAC."),
            weights: _("Those are the weights: each is used at every place of the output."),
            weights * c.n * c.n: _(
                "Each weight works once for every place of the output, not input."
            ),
            weights * places // (c.channels // c.groups): _(
                "Each input channel is multiplied too."
            ),
        },
        code=c.code,
        reason=(*lines(layer, "output")[-1:], *lines(layer, "macs")[:1]),
        see=c.cost(),
        facts=vars(c),
    )
