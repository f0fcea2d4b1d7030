"""What the learning pages are about, each in a few lines of plain torch, to be pasted and run.

They take no settings that the idea does not need and refuse nothing: what checks and answers on
the pages is `explorer.networks.ops` and its like.
"""

import torch
from torch import Tensor


def corr2d(x: Tensor, k: Tensor) -> Tensor:
    """Slide the kernel k over x; at every place multiply, and add up."""
    (h, w), (rows, columns) = k.shape, x.shape
    y = torch.zeros(rows - h + 1, columns - w + 1)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i : i + h, j : j + w] * k).sum()
    return y


def corr2d_multi_in(x: Tensor, k: Tensor) -> Tensor:
    """Each channel of x with its own slice of k; the maps are added."""
    return torch.stack([corr2d(x[c], k[c]) for c in range(len(x))]).sum(0)


def corr2d_multi_in_out(x: Tensor, kernels: Tensor) -> Tensor:
    """A kernel for each output channel."""
    return torch.stack([corr2d_multi_in(x, k) for k in kernels])


def corr2d_1x1(x: Tensor, kernels: Tensor) -> Tensor:
    """1 × 1: one product of matrices, the same weights at every pixel."""
    weights, pixels = kernels.flatten(1), x.flatten(1)
    return (weights @ pixels).reshape(-1, *x.shape[1:])


def pool2d(x: Tensor, h: int, w: int, mode: str = "max") -> Tensor:
    """Windows of h × w side by side; of each the largest number, or the mean."""
    y = torch.zeros(x.shape[0] // h, x.shape[1] // w)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            window = x[i * h : (i + 1) * h, j * w : (j + 1) * w]
            y[i, j] = window.max() if mode == "max" else window.mean()
    return y


def output_size(n: int, k: int, p: int = 0, s: int = 1, d: int = 1) -> int:
    """N cells, kernel k, p zeros on each side, stride s, dilation d."""
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


def receptive_field(layers: list[tuple[int, int, int]]) -> int:
    """Of a stack of (kernel, stride, dilation), from the picture up: pixels each way."""
    field, jump = 1, 1  # jump: pixels between two neighbours of this layer
    for k, s, d in layers:
        field += d * (k - 1) * jump
        jump *= s
    return field


def batch_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """In training, x (N, features): minus the batch's mean, divided by its spread."""
    mean = x.mean(0)
    variance = ((x - mean) ** 2).mean(0)
    return gamma * (x - mean) / torch.sqrt(variance + eps) + beta


def learn_kernel(x: Tensor, y: Tensor, k: Tensor, rate: float, steps: int) -> Tensor:
    """From the kernel k to one that makes y of x; `corr2d` stands above."""
    for _step in range(steps):
        k = k.detach().requires_grad_()
        loss = ((corr2d(x, k) - y) ** 2).sum()
        (gradient,) = torch.autograd.grad(loss, k)
        k = k - rate * gradient
    return k.detach()
