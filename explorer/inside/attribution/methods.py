"""Four methods, each a function from a network, a picture (1, C, H, W) and a class to a heat map.

The network may be shared: it is run as a copy of one's own, in evaluation mode. Captum has the same
four, and the tests hold ours against them. They are written out here because captum's Grad-CAM puts
its hook on the network that it is given, which all visitors share; because its long methods can be
neither watched nor stopped from outside; and because it brings matplotlib into the server.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, interpolate, pad, relu

from explorer.base.language import N_
from explorer.base.reasons import CodedError
from explorer.base.tasks import Progress, unheard
from explorer.data.pictures import normalised
from explorer.inside.activations import own_copy
from explorer.inside.attribution.running import (
    answers,
    checked,
    convolutions,
    gradients,
    output_of,
    score,
    together,
)

MOST_PASSES = 5000  # of occlusion
MOST_STEPS = 1000  # of integrated gradients

# Name in links → what it is, translated where it is shown.
BASELINES = {
    "black": N_("black"),
    "grey": N_("grey"),
    "white": N_("white"),
    "blurred": N_("the picture itself, blurred"),
}
_BRIGHTNESS = {"black": 0.0, "grey": 0.5, "white": 1.0}
BLUR = 10  # the blur's standard deviation is the shorter side divided by this


def saliency(network: nn.Module, picture: Tensor, target: int) -> Tensor:
    """The largest |∂ logit / ∂ pixel| over the channels (Simonyan et al. 2013): (H, W), ≥ 0."""
    return gradients(own_copy(network), checked(picture), target)[0].abs().amax(0)


def integrated_gradients(
    network: nn.Module,
    picture: Tensor,
    target: int,
    *,
    steps: int = 50,
    baseline: Tensor | float = 0.0,
    progress: Progress = unheard,
) -> Tensor:
    """(x − x′) · the mean gradient on the way from x′ to x (Sundararajan et al. 2017): (H, W).

    x′ is the `baseline`, a picture without anything in it. Summed over channels; the sum over all
    pixels is logit(x) − logit(x′), as exactly as `steps` points of a Gauss-Legendre sum allow.
    `progress` may raise to stop.

    Raises:
        ValueError: less than one step, or more than `MOST_STEPS`.
    """
    if not 1 <= steps <= MOST_STEPS:
        words = N_("The way from the empty picture is cut into 1 to {most} steps, not {given}.")
        raise CodedError(words, most=MOST_STEPS, given=steps)
    own, x = own_copy(network), checked(picture)
    empty = torch.zeros_like(x) + baseline
    places, weights = (
        torch.from_numpy(each) / 2 for each in np.polynomial.legendre.leggauss(steps)
    )
    total = torch.zeros_like(x)
    for part in torch.arange(steps).split(together(x)):
        alpha = (places[part] + 0.5).to(x)[:, None, None, None]
        slopes = gradients(own, empty + alpha * (x - empty), target)
        total += (weights[part].to(x)[:, None, None, None] * slopes).sum(0, keepdim=True)
        progress(int(part[-1]) + 1, steps)
    return ((x - empty) * total)[0].sum(0)


def grad_cam(network: nn.Module, picture: Tensor, target: int, *, layer: str = "") -> Tensor:
    """Maps of `layer`, each weighted by its mean gradient, summed; what is negative is cut off.

    Selvaraju et al. 2017. `layer` is an operation's name (`convolutions`; the last one by
    default); the map is stretched to the picture's size: (H, W), ≥ 0.

    Raises:
        ValueError: the network has no such layer, or the layer makes no maps.
    """
    own, x = own_copy(network), checked(picture)
    name = layer or convolutions(network)[-1]
    with torch.enable_grad(), output_of(own, name) as outputs:
        logits = answers(own, x.clone().requires_grad_())
        if not outputs or outputs[-1].dim() != 4:
            words = N_("{layer} gives no maps that could be weighted. Choose a convolution.")
            raise CodedError(words, layer=name)
        logit = score(logits, target)
        slopes: Any = torch.autograd.grad(logit, outputs[-1], allow_unused=True)[0]
    maps = outputs[-1].detach()
    if slopes is None:  # nothing after the layer leads to the logits
        slopes = torch.zeros_like(maps)
    weighted = relu((slopes.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True))
    return interpolate(weighted, x.shape[2:], mode="bilinear")[0, 0]


def occlusion(
    network: nn.Module,
    picture: Tensor,
    target: int,
    *,
    patch: int = 8,
    stride: int = 4,
    baseline: Tensor | float = 0.0,
    progress: Progress = unheard,
) -> Tensor:
    """How much the logit falls when a patch is covered (Zeiler & Fergus 2014): (H, W).

    Each pixel has the mean over all patches that cover it. `progress` may raise to stop.

    Raises:
        ValueError: a patch or stride below 1, a stride that leaves gaps, or too many passes.
    """
    own, x = own_copy(network), checked(picture)
    boxes = patches((x.shape[2], x.shape[3]), patch, stride)
    cover = torch.zeros_like(x) + baseline
    whole = score(answers(own, x), target)
    total, count = torch.zeros(x.shape[2:]), torch.zeros(x.shape[2:])
    for first in range(0, len(boxes), together(x)):
        some = boxes[first : first + together(x)]
        covered = x.repeat(len(some), 1, 1, 1)
        for row, (rows, columns) in enumerate(some):
            covered[row, :, rows, columns] = cover[0, :, rows, columns]
        falls = whole - answers(own, covered)[:, target]
        for (rows, columns), fall in zip(some, falls, strict=True):
            total[rows, columns] += fall
            count[rows, columns] += 1
        progress(first + len(some), len(boxes))
    return total / count


def patches(size: tuple[int, int], patch: int, stride: int) -> list[tuple[slice, slice]]:
    """Rows and columns of every patch that `occlusion` covers in a picture of `size` (H, W).

    Raises:
        ValueError: as `occlusion`.
    """
    if not 1 <= stride <= patch:
        words = N_("A patch of {patch} cannot move by {stride}: from 1 to {patch} pixels.")
        raise CodedError(words, patch=patch, stride=stride)
    rows, columns = (
        # The last may hang over the edge.
        [slice(at, at + patch) for at in range(0, max(side - patch, 0) + stride, stride)]
        for side in size
    )
    if len(rows) * len(columns) > MOST_PASSES:
        words = N_("That takes {count} passes; at most {most}. Move by more pixels.")
        raise CodedError(words, count=len(rows) * len(columns), most=MOST_PASSES)
    return [(row, column) for row in rows for column in columns]


# -- what stands where a pixel has been taken away: there is no picture of nothing ------------


def baseline(name: str, picture: Tensor, normalisation: str = "none") -> Tensor:
    """The empty picture of this name for a prepared `picture` (1, C, H, W): the same shape.

    `normalisation` is that of the picture (see `pictures.NORMALISATIONS`): black is not 0 after it.

    Raises:
        ValueError: no such name.
    """
    if name == "blurred":
        return _blurred(picture)
    if name not in _BRIGHTNESS:
        words = N_("“{given}” is none of {known}.")
        raise CodedError(words, given=name[:40], known=", ".join(BASELINES))
    return normalised(torch.full_like(picture, _BRIGHTNESS[name]), normalisation)


def _blurred(picture: Tensor) -> Tensor:
    """Under a Gaussian, along rows and then columns; what lies outside is like the border."""
    sigma = min(picture.shape[2:]) / BLUR
    reach = math.ceil(3 * sigma)
    places = torch.arange(-reach, reach + 1).to(picture)
    kernel = torch.exp(-(places**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum())[None, None]
    soft = picture
    for _axis in range(2):
        lines = pad(soft.flatten(0, 2)[:, None], (reach, reach), mode="replicate")
        soft = conv1d(lines, kernel).reshape(soft.shape).transpose(2, 3)
    return soft.contiguous()
