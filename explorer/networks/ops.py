"""The operations of a convolutional network, written out as their definitions."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from explorer.base.language import _
from explorer.base.units import times


def output_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    *,
    ceil: bool = False,
) -> int:
    """How many places a window of `kernel` cells has on `size` cells; 0 if it does not fit.

    With padding p *per side*, stride s and dilation d:

        ⌊(size + 2p − d(kernel − 1) − 1) / s⌋ + 1

    `ceil` rounds up instead, as pooling layers can, but never lets a window begin in the padding
    on the far side.

    Raises:
        ValueError: kernel, stride or dilation below 1, or a negative size or padding.
    """
    _at_least(1, {_("kernel"): kernel, _("stride"): stride, _("dilation"): dilation})
    _at_least(0, {_("size"): size, _("padding"): padding})
    room = size + 2 * padding - dilation * (kernel - 1) - 1  # steps of 1 that the window can take
    places = (room + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (places - 1) * stride >= size + padding:
        places -= 1
    return max(places, 0)


def _at_least(least: int, settings: Mapping[str, int]) -> None:
    for name, value in settings.items():
        if value < least:
            raise ValueError(
                _("The {name} is {value}; it must be at least {least}.").format(
                    name=name, value=value, least=least
                )
            )


Pair = int | tuple[int, int]  # one number for both axes, or (height, width)


def pair(value: Any) -> tuple[int, int]:
    """An int or a pair of ints as (height, width)."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


class WindowMisfit(ValueError):
    """A window that can be drawn, but gives no output: it sticks out, or stands on padding."""


class Slide:
    """A window on its way over an (H, W) input: its settings, checked, and what it covers where.

    `padding` counts cells on *each side* of an axis, 2p in total, and `fill` is what they hold;
    with a dilation d the cells of the window lie d apart.

    Raises:
        WindowMisfit: the window has no place on the input.
        ValueError: a setting is impossible.
    """

    def __init__(
        self,
        x: Tensor,
        window: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair = 1,
        *,
        fill: float = 0.0,
    ) -> None:
        self.window, self.stride, self.dilation = pair(window), pair(stride), pair(dilation)
        (h, w), (ph, pw) = x.shape, pair(padding)
        axes = zip((h, w), self.window, self.stride, (ph, pw), self.dilation, strict=True)
        self.rows, self.columns = (output_size(*axis) for axis in axes)
        if self.rows * self.columns == 0:
            self._refuse((h + 2 * ph, w + 2 * pw))
        self.padded = x.new_full((h + 2 * ph, w + 2 * pw), fill)
        self.padded[ph : ph + h, pw : pw + w] = x

    def covers(self, i: int, j: int) -> Tensor:
        """The cells under the window at row i, column j of the output: (h, w)."""
        (h, w), (dh, dw) = self.window, self.dilation
        top, left = i * self.stride[0], j * self.stride[1]
        return self.padded[top : top + dh * h : dh, left : left + dw * w : dw]

    def _refuse(self, padded: tuple[int, int]) -> None:
        spans = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.window, strict=True)]
        raise WindowMisfit(
            _(
                "The window spans {span} cells, but the input with its padding has only {padded}. "
                "Take a smaller window or a larger input, or pad more."
            ).format(span=times(spans), padded=times(padded))
        )


def flip(kernel: Tensor) -> Tensor:
    """The kernel turned by half a circle, over its last two axes: upside down and left to right.

    Correlating with a flipped kernel is the convolution of mathematics.
    """
    return kernel.flip(-2, -1)


def corr2d(
    x: Tensor,
    kernel: Tensor,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
) -> Tensor:
    """Cross-correlation by its definition: what deep learning calls a convolution.

    `x` is (H, W), `kernel` (h, w). Each output cell is the sum of the products of the kernel with
    the window of `x` at that place; padding is zeros.

    Raises:
        ValueError: what `Slide` refuses.
    """
    slide = Slide(x, (kernel.shape[0], kernel.shape[1]), stride, padding, dilation)
    y = torch.zeros(slide.rows, slide.columns, dtype=torch.result_type(x, kernel))
    for i in range(slide.rows):
        for j in range(slide.columns):
            y[i, j] = (slide.covers(i, j) * kernel).sum()
    return y


def corr2d_multi_in(x: Tensor, kernel: Tensor, **settings: Pair) -> Tensor:
    """Several channels in, one out: the sum of each channel's map with its own kernel.

    `x` is (C, H, W), `kernel` (C, h, w), `settings` are those of `corr2d`; the result is
    (rows, columns).

    Raises:
        ValueError: unequal numbers of channels, or what `corr2d` refuses.
    """
    if len(x) != len(kernel):
        raise ValueError(
            _(
                "The input has {given} channels, but the kernel was made for {expected}. "
                "Give the kernel one slice for each channel of the input."
            ).format(given=len(x), expected=len(kernel))
        )
    pairs = zip(x, kernel, strict=True)
    return torch.stack([corr2d(channel, slice_, **settings) for channel, slice_ in pairs]).sum(0)


def corr2d_multi_in_out(x: Tensor, kernels: Tensor, **settings: Pair) -> Tensor:
    """Several channels in and out: one kernel for each output channel.

    `x` is (C, H, W), `kernels` (O, C, h, w), `settings` are those of `corr2d`; the result is
    (O, rows, columns).

    Raises:
        ValueError: what `corr2d_multi_in` refuses.
    """
    return torch.stack([corr2d_multi_in(x, kernel, **settings) for kernel in kernels])


def corr2d_1x1(x: Tensor, kernels: Tensor) -> Tensor:
    """A 1×1 convolution as what it is: a fully connected layer at every pixel.

    `x` is (C, H, W), `kernels` (O, C, 1, 1); the result is (O, H, W). The pixels become columns,
    and one product of matrices does all of them.

    Raises:
        ValueError: kernels of another size, or unequal numbers of channels.
    """
    c, h, w = x.shape
    if kernels.shape[1:] != (c, 1, 1):
        raise ValueError(
            _("The input has {given} channels, so each kernel is {expected}, not {kernel}.").format(
                given=c, expected=times((c, 1, 1)), kernel=times(kernels.shape[1:])
            )
        )
    pixels = x.reshape(c, h * w)
    weights = kernels.reshape(-1, c)  # (O, C)
    return (weights @ pixels).reshape(-1, h, w)


def pool2d(
    x: Tensor,
    window: Pair,
    mode: str = "max",
    *,
    stride: Pair | None = None,
    padding: Pair = 0,
) -> Tensor:
    """Pooling by its definition: the largest value or the mean of each window.

    `x` is (H, W). Without a `stride` the windows lie side by side, as in PyTorch. `mode` is "max"
    or "avg". Padding is −∞ for the maximum, so that it never wins, and 0 for the mean, in which it
    counts (as `nn.AvgPool2d` does unless told otherwise).

    Raises:
        WindowMisfit: the window does not fit, or the padding is wider than half of it.
        ValueError: an unknown mode, or a setting that is impossible.
    """
    if mode not in {"max", "avg"}:
        raise ValueError(_("Pooling takes “max” or “avg”, not “{mode}”.").format(mode=mode))
    (h, w), (ph, pw) = pair(window), pair(padding)
    if 2 * ph > h or 2 * pw > w:
        raise WindowMisfit(
            _(
                "The padding {padding} is more than half of the window {window}: a window could "
                "lie in the padding alone. Padding per side is at most half the window."
            ).format(padding=times((ph, pw)), window=times((h, w)))
        )
    fill = -math.inf if mode == "max" else 0.0
    slide = Slide(x, window, window if stride is None else stride, padding, fill=fill)
    y = torch.zeros(slide.rows, slide.columns, dtype=x.dtype)
    for i in range(slide.rows):
        for j in range(slide.columns):
            cells = slide.covers(i, j)
            y[i, j] = cells.max() if mode == "max" else cells.mean()
    return y


def batch_norm(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    moving_mean: Tensor,
    moving_var: Tensor,
    *,
    training: bool,
    momentum: float = 0.9,
    eps: float = 1e-5,
) -> Tensor:
    """Batch normalisation by its definition (Ioffe & Szegedy 2015, algorithm 1).

    `x` is (N, C) or (N, C, H, W); the four others are (1, C) or (1, C, 1, 1) and hold one value
    per channel. In training the statistics are those of the batch, over every axis but the
    channels', and the moving ones are updated in place; otherwise the moving ones are used.

    `momentum` is the weight of the *old* moving value: 0.9 here is 0.1 in `nn.BatchNorm2d`. The
    moving variance averages the variances that divide by m, the number of values per channel; the
    paper and `nn.BatchNorm2d` average the unbiased ones, larger by m/(m − 1).

    Raises:
        ValueError: training with one value per channel, which would give `beta` for any input.
    """
    if training:
        if x.numel() == x.shape[1]:
            raise ValueError(
                _(
                    "Batch normalisation in training needs more than one value per channel, but "
                    "{shape} has one. Use a larger batch, or evaluation mode."
                ).format(shape=times(x.shape))
            )
        others = [axis for axis in range(x.dim()) if axis != 1]
        mean = x.mean(dim=others, keepdim=True)
        var = ((x - mean) ** 2).mean(dim=others, keepdim=True)
        with torch.no_grad():
            moving_mean.copy_(momentum * moving_mean + (1 - momentum) * mean)
            moving_var.copy_(momentum * moving_var + (1 - momentum) * var)
    else:
        mean, var = moving_mean, moving_var
    normalized = (x - mean) / torch.sqrt(var + eps)
    return gamma * normalized + beta


class BatchNorm(nn.Module):
    """A layer of `batch_norm`: for (N, C) with `num_dims` 2, for (N, C, H, W) with 4.

    `train()` and `eval()` choose the statistics, as in every module of torch. The moving ones are
    buffers: they are saved with the weights and follow them to another device.
    """

    moving_mean: Tensor
    moving_var: Tensor

    def __init__(self, num_features: int, num_dims: int) -> None:
        super().__init__()
        shape = (1, num_features) if num_dims == 2 else (1, num_features, 1, 1)
        self.gamma = nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.zeros(shape))
        self.register_buffer("moving_mean", torch.zeros(shape))
        self.register_buffer("moving_var", torch.ones(shape))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape out as in."""
        return batch_norm(
            x, self.gamma, self.beta, self.moving_mean, self.moving_var, training=self.training
        )
