"""A stack of convolutions and poolings as plain values, and what each of its units sees.

A stack is written as a short text: `c3` is a 3 × 3 convolution, `m2` a max pooling, `a2` an
average pooling; `s`, `p` and `d` with a number add stride, padding per side and dilation, as in
`c3 c3p1 m2s2 c3d2`. As in torch, a pooling's stride is its window unless it says otherwise.

The effective field is that of Luo, Li, Urtasun & Zemel, "Understanding the Effective Receptive
Field in Deep Convolutional Neural Networks", NeurIPS 2016.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from explorer.analysis.receptive_field import Axis, Interval, Window
from explorer.base.language import _
from explorer.networks.ops import output_size

Kind = Literal["conv", "max", "avg"]
Cells = tuple[int, ...]

LETTERS: dict[Kind, str] = {"conv": "c", "max": "m", "avg": "a"}
# As links of before have it, p is a max pooling, too: padding has the same letter.
KINDS = {letter: kind for kind, letter in LETTERS.items()} | {"p": "max"}
MAX_LAYERS, MAX_KERNEL, MAX_STRIDE, MAX_DILATION = 12, 15, 8, 16
EMPTY: Interval = (0, -1)
_TOKEN = re.compile(r"([cmpa])(\d{1,9})((?:[spd]\d{1,9})*)")


@dataclass(frozen=True)
class Layer:
    """One layer of a stack, square: the same numbers hold for rows and columns."""

    kind: Kind
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def window(self) -> Window:
        """How one of its units reads the layer below, along one axis."""
        return Window(self.kernel, self.stride, self.padding, self.dilation)


@dataclass(frozen=True)
class Level:
    """One layer's output along one axis: how many units, and which pixels they see."""

    layer: Layer | None  # None: the picture
    units: int
    axis: Axis


def parse(text: str) -> tuple[Layer, ...]:
    """The stack that `text` spells.

    Raises:
        ValueError: names the word that is wrong, says what was expected and gives an example.
    """
    words = text.lower().replace(",", " ").split()
    if not words:
        raise ValueError(
            _("The stack is empty. Write one word per layer, for example c3 c3 m2 c3.")
        )
    if len(words) > MAX_LAYERS:
        message = _("The stack has {n} layers; at most {most} can be drawn.")
        raise ValueError(message.format(n=len(words), most=MAX_LAYERS))
    return tuple(_layer(word) for word in words)


def _layer(word: str) -> Layer:
    match = _TOKEN.fullmatch(word)
    extras = re.findall(r"([spd])(\d+)", match[3]) if match else []
    numbers = {letter: int(number) for letter, number in extras}
    if match is None or len(numbers) < len(extras):
        message = _(
            "“{word}” is not a layer. Write c, m or a (convolution, max or average pooling) "
            "and the kernel, then s, p or d with a number for stride, padding and dilation, "
            "for example c3, c5p2, m2s2 or c3d2."
        )
        raise ValueError(message.format(word=word[:30]))
    kind, kernel = KINDS[match[1]], int(match[2])
    stride = numbers.get("s", 1 if kind == "conv" else kernel)
    layer = Layer(kind, kernel, stride, numbers.get("p", 0), numbers.get("d", 1))
    _check(word, layer)
    return layer


def _check(word: str, layer: Layer) -> None:
    """Refuse what torch refuses, and what cannot be drawn."""
    # torch lets a pooling pad by half its window; a convolution padded further reads only zeros.
    reach = layer.dilation * (layer.kernel - 1)
    padding = reach if layer.kind == "conv" else layer.kernel // 2
    limits = (
        (_("kernel"), layer.kernel, 1, MAX_KERNEL),
        (_("stride"), layer.stride, 1, MAX_STRIDE if layer.kind == "conv" else MAX_KERNEL),
        (_("dilation"), layer.dilation, 1, 1 if layer.kind == "avg" else MAX_DILATION),
        (_("padding"), layer.padding, 0, padding),
    )
    for what, number, least, most in limits:
        if not least <= number <= most:
            message = _("“{word}”: the {what} is {number}, but here it is from {least} to {most}.")
            limit = {"what": what, "number": number, "least": least, "most": most}
            raise ValueError(message.format(word=word[:30], **limit))


def spell(layers: Sequence[Layer]) -> str:
    """The shortest text that `parse` reads as these layers."""
    return " ".join(_word(layer) for layer in layers)


def _word(layer: Layer) -> str:
    usual = Layer(layer.kind, layer.kernel, 1 if layer.kind == "conv" else layer.kernel)
    parts = (("s", "stride"), ("p", "padding"), ("d", "dilation"))
    extras = (
        f"{letter}{getattr(layer, name)}"
        for letter, name in parts
        if getattr(layer, name) != getattr(usual, name)
    )
    return f"{LETTERS[layer.kind]}{layer.kernel}{''.join(extras)}"


def levels(layers: Sequence[Layer], side: int) -> tuple[Level, ...]:
    """The picture of `side` pixels and every layer's output above it, the picture first.

    Raises:
        ValueError: a layer's window does not fit on what arrives there.
    """
    levels = [Level(None, side, Axis(0, 1, 1))]
    for number, layer in enumerate(layers, 1):
        below = levels[-1]
        units = output_size(below.units, layer.kernel, layer.stride, layer.padding, layer.dilation)
        if not units:
            message = _(
                "Layer {number} ({word}) has a window of {span} cells, but {arrive} arrive "
                "there. Take a larger picture, a smaller window, or leave the layer out."
            )
            span, arrive = layer.dilation * (layer.kernel - 1) + 1, below.units + 2 * layer.padding
            raise ValueError(
                message.format(number=number, word=_word(layer), span=span, arrive=arrive)
            )
        levels.append(Level(layer, units, layer.window.forward(below.axis, below.units)))
    return tuple(levels)


def reads(layer: Layer, unit: int, below: int) -> Cells:
    """The cells, of `below` that there are, which `unit` of `layer` reads; padding is left out."""
    return tuple(sorted(layer.window.backward({unit}, below)))


def cells(stack: Sequence[Level], level: int, unit: int) -> tuple[Cells, ...]:
    """What `unit` of `level` depends on in the picture, in layer 1, … and in its own level."""
    levels: list[Cells] = [(unit,)]
    for number in range(level, 0, -1):
        layer = stack[number].layer
        assert layer is not None
        below = stack[number - 1].units
        levels.append(tuple(sorted({c for u in levels[-1] for c in reads(layer, u, below)})))
    return tuple(reversed(levels))


def boxes(stack: Sequence[Level], level: int, unit: int) -> tuple[Interval, ...]:
    """The first and last of `cells` on each level: without the holes that dilation leaves.

    `EMPTY` where a unit reads nothing but padding.
    """
    return tuple((own[0], own[-1]) if own else EMPTY for own in cells(stack, level, unit))


def weights(layers: Sequence[Layer], channels: int) -> int:
    """Weights of the convolutions, without biases, with `channels` in and out of each."""
    return sum((layer.kernel * channels) ** 2 for layer in layers if layer.kind == "conv")


def nonlinearities(layers: Sequence[Layer]) -> int:
    """One activation behind each convolution."""
    return sum(layer.kind == "conv" for layer in layers)


@dataclass(frozen=True)
class Effective:
    """How strongly each pixel moves the centre unit of the last layer, measured.

    `strength` is (side, side), the mean of |gradient|, scaled to sum 1; `box` holds the first and
    last row (and column) of the theoretical field.
    """

    strength: Tensor
    box: Interval

    @property
    def inner(self) -> tuple[float, float]:
        """The edges of the box's centre quarter: half its height and half its width."""
        first, size = self.box[0], self.box[1] + 1 - self.box[0]
        return first + size / 4, first + size * 3 / 4

    @property
    def within(self) -> float:
        """The share of the gradient in the centre quarter; ¼ if all pixels counted equally."""
        first, last = self.inner
        pixels = torch.arange(len(self.strength), dtype=self.strength.dtype)
        # How much of each pixel lies inside: those on the edge are shared.
        share = (torch.minimum(pixels + 1, torch.tensor(last)) - pixels.clamp_min(first)).clamp(0)
        return float(share @ self.strength @ share)


def effective(
    layers: Sequence[Layer],
    side: int,
    *,
    seeds: int = 32,
    channels: int = 4,
    weighted: Literal["ones", "random"] = "random",
    relu: bool = False,
) -> Effective:
    """The effective field of the centre unit, over `seeds` networks with random weights.

    Each network has `channels` channels between its layers and one picture of noise at its input;
    `weighted="ones"` gives every kernel the same weights instead. `relu` adds one behind each
    convolution.

    Raises:
        ValueError: a layer does not fit; or the centre unit reads nothing but padding.
    """
    stack = levels(layers, side)
    centre = (stack[-1].units - 1) // 2
    generator = torch.Generator().manual_seed(0)
    picture = torch.randn(1, seeds * channels, side, side, generator=generator).requires_grad_()
    x = picture
    for layer in layers:  # of all the networks at once: each is a group of channels of its own
        k, s, p, d = layer.kernel, layer.stride, layer.padding, layer.dilation
        if layer.kind == "max":
            x = functional.max_pool2d(x, k, s, p, d)
        elif layer.kind == "avg":
            x = functional.avg_pool2d(x, k, s, p)
        else:
            shape = (seeds * channels, channels, k, k)
            random = weighted == "random"
            weight = torch.randn(shape, generator=generator) if random else torch.ones(shape)
            scale = (channels * k * k) ** -0.5  # the size of the numbers stays the same
            x = functional.conv2d(x, weight * scale, None, s, p, d, groups=seeds)
            x = functional.relu(x) if relu else x
    (gradient,) = torch.autograd.grad(x[0, ::channels, centre, centre].sum(), picture)
    strength = gradient[0].abs().double().mean(dim=0)  # (side, side)
    total = strength.sum()
    if not total:
        raise ValueError(
            _("The centre unit does not depend on the picture: what it reads is all padding.")
        )
    return Effective(strength / total, boxes(stack, len(layers), centre)[0])
