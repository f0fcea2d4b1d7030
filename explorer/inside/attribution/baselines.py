"""What stands where a pixel has been taken away: there is no picture of nothing, so one chooses."""

import math

import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from explorer.base.language import N_, _
from explorer.data.pictures import STATISTICS

# Name in links → what it is, translated where it is shown.
BASELINES = {
    "black": N_("black"),
    "grey": N_("grey"),
    "white": N_("white"),
    "blurred": N_("the picture itself, blurred"),
}
_BRIGHTNESS = {"black": 0.0, "grey": 0.5, "white": 1.0}
BLUR = 10  # the blur's standard deviation is the shorter side divided by this


def baseline(name: str, picture: Tensor, normalisation: str = "none") -> Tensor:
    """The empty picture of this name for a prepared `picture` (1, C, H, W): the same shape.

    `normalisation` is that of the picture (see `pictures.NORMALISATIONS`): black is not 0 after it.

    Raises:
        ValueError: no such name.
    """
    if name == "blurred":
        return _blurred(picture)
    if name not in _BRIGHTNESS:
        raise ValueError(
            _("“{given}” is none of {known}.").format(given=name[:40], known=", ".join(BASELINES))
        )
    empty = torch.full_like(picture, _BRIGHTNESS[name])
    if normalisation in STATISTICS:
        middle, deviation = (
            torch.tensor(each)[:, None, None] for each in STATISTICS[normalisation]
        )
        empty = (empty - middle) / deviation
    return empty


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
