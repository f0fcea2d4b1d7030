"""The operations of a convolutional network, written out as their definitions."""

import torch
from torch import Tensor, nn

from explorer.language import _


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
    if min(kernel, stride, dilation) < 1 or min(size, padding) < 0:
        raise ValueError(
            _(
                "No window has kernel {kernel}, stride {stride}, dilation {dilation} and padding "
                "{padding} on {size} cells: the first three are at least 1, the others at least 0."
            ).format(kernel=kernel, stride=stride, dilation=dilation, padding=padding, size=size)
        )
    room = size + 2 * padding - dilation * (kernel - 1) - 1  # steps of 1 that the window can take
    places = (room + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (places - 1) * stride >= size + padding:
        places -= 1
    return max(places, 0)


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
                "Batch normalisation in training needs more than one value per channel, "
                f"not {tuple(x.shape)}. Use a larger batch, or evaluation mode."
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
