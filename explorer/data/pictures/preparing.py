"""What a network receives of a picture: its size, its channels, its range of numbers."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from explorer.base.language import N_, _
from explorer.data.pictures.records import Picture, Prepared

# Name in links → what it does, translated where it is shown.
FITS = {
    "squeeze": N_("the whole picture, squeezed to the network's shape"),
    "crop": N_("the largest middle part that has the network's shape"),
    "pad": N_("the whole picture, with black beside it"),
}
NORMALISATIONS = {
    "none": N_("from 0 to 1, as the course trains"),
    "imagenet": N_("ImageNet's mean and deviation, as most published weights want it"),
    "half": N_("from −1 to 1, as a few published weights want it"),
}
# Mean and standard deviation per channel (red, green, blue).
STATISTICS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}


def prepare(
    picture: Picture,
    shape: tuple[int, int, int],
    fit: str = "squeeze",
    normalisation: str = "none",
) -> Prepared:
    """The picture as a network with inputs of `shape` (C, H, W) gets it.

    Colour becomes grey by its brightness unless C is 3. Numbers go from 0 to 1, or are
    `normalisation`-ed by `STATISTICS`. Squeezed, a data set's picture is what training makes of it.

    Raises:
        ValueError: an unknown way to fit or to normalise, or one that needs three channels.
    """
    _check_name(fit, FITS)
    _check_name(normalisation, NORMALISATIONS)
    channels, *inner = shape
    target = (inner[0], inner[1])
    coloured = _coloured(picture.pixels, channels)
    shown = {"squeeze": _resized, "crop": _cropped, "pad": _padded}[fit](coloured, target)
    tensor = shown.float()[None] / 255
    if normalisation in STATISTICS:
        if channels != 3:
            raise ValueError(
                _("ImageNet's mean and deviation are for 3 channels, not {channels}.").format(
                    channels=channels
                )
            )
        mean, deviation = (torch.tensor(each)[:, None, None] for each in STATISTICS[normalisation])
        tensor = (tensor - mean) / deviation
    if tensor.shape[1] != channels:  # grey, for a network that reads more
        tensor = tensor.expand(1, channels, *target).contiguous()
    return Prepared(tensor, shown)


def wider(picture: Picture, shape: tuple[int, int, int]) -> float:
    """How many times wider than `shape` (C, H, W) the picture is, at the same height.

    Below 1 it is taller. Squeezed, it loses so much of its width; cropped, it keeps the inverse.
    """
    height, width = picture.pixels.shape[1:]
    return width / height * shape[1] / shape[2]


def _check_name(name: str, choices: dict[str, str]) -> None:
    if name not in choices:
        raise ValueError(
            _("“{given}” is none of {known}.").format(given=name[:40], known=", ".join(choices))
        )


def _coloured(pixels: Tensor, channels: int) -> Tensor:
    """Three channels for a network that reads three, else one: brightness, after ITU-R 601."""
    if channels == 3:
        return pixels.expand(3, *pixels.shape[1:])
    if len(pixels) == 1:
        return pixels
    parts = torch.tensor([19595, 38470, 7471])[:, None, None]  # Pillow's, in parts of 65 536
    return ((pixels.long() * parts).sum(0, keepdim=True) + 32768 >> 16).to(torch.uint8)


def _resized(pixels: Tensor, target: tuple[int, int]) -> Tensor:
    """Bilinear as Pillow and training do it, averaged where it gets smaller."""
    if tuple(pixels.shape[1:]) == target:
        return pixels
    smaller = any(new < old for new, old in zip(target, pixels.shape[1:], strict=True))
    # Channel by channel: torch 2.13 fails on three at once when one pixel is to remain.
    return interpolate(pixels[:, None], target, mode="bilinear", antialias=smaller)[:, 0]


def _cropped(pixels: Tensor, target: tuple[int, int]) -> Tensor:
    """First cut, then resized: a thin picture made as wide as the network wants would be huge."""
    height, width = pixels.shape[1:]
    scale = max(target[0] / height, target[1] / width)
    high, wide = (min(old, max(1, round(new / scale))) for new, old in zip(
        target, (height, width), strict=True
    ))  # fmt: skip
    top, left = (height - high) // 2, (width - wide) // 2
    return _resized(pixels[:, top : top + high, left : left + wide], target)


def _padded(pixels: Tensor, target: tuple[int, int]) -> Tensor:
    height, width = pixels.shape[1:]
    scale = min(target[0] / height, target[1] / width)
    high, wide = (min(new, max(1, round(old * scale))) for new, old in zip(
        target, (height, width), strict=True
    ))  # fmt: skip
    top, left = (target[0] - high) // 2, (target[1] - wide) // 2
    around = (left, target[1] - wide - left, top, target[0] - high - top)
    return pad(_resized(pixels, (high, wide)), around)
