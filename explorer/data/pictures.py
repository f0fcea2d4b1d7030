"""A picture to look at with a network, and what the network really receives of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial

import numpy as np
import torch
from numpy.typing import ArrayLike
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate, pad

from explorer.base.language import N_, _
from explorer.base.tasks import UNKNOWN, Client, Output, Task
from explorer.base.units import exact
from explorer.data import datasets, photographs
from explorer.data.decoding import pools

DRAWING = 28  # cells of a drawing, each way
SIDE = 1024  # pixels of a file's longer side that is kept: more than any network here takes

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


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was given. Everyone may read the pixels: do not write."""

    pixels: Tensor  # (1 or 3, H, W), uint8
    title: str
    label: int | None = None  # its class, where it is known
    classes: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """Equal for equal pixels, and short: to keep results by."""
        content = repr(tuple(self.pixels.shape)).encode() + self.pixels.numpy().tobytes()
        return hashlib.sha256(content).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the network receives, and the same to be looked at."""

    tensor: Tensor  # (1, C, H, W), float32
    pixels: Tensor  # (1 or 3, H, W), uint8: before normalisation


# -- where pictures come from -----------------------------------------------------------------


def named(text: str) -> Picture:
    """A picture from its spelling in links: "photograph:china", "fashion_mnist:test:17".

    Raises:
        ValueError: no such picture, or its data set is not at hand.
    """
    kind, *rest = text.split(":")
    if kind == "photograph" and len(rest) == 1:
        return from_photograph(rest[0])
    if len(rest) == 2 and rest[1].isdecimal() and len(rest[1]) < 10:
        return from_dataset(kind, rest[0], int(rest[1]))
    words = _(
        "“{given}” names no picture. Write photograph:china, or a data set, train or test, "
        "and a number: fashion_mnist:test:0."
    )
    raise ValueError(words.format(given=text[:60]))


def from_dataset(name: str, split: str, index: int) -> Picture:
    """Picture `index` of a data set's "train" or "test" part.

    Raises:
        ValueError: no such data set, part or picture, or one that is not at hand.
    """
    if split not in ("train", "test"):
        words = _("A data set has a train and a test part, not “{given}”.")
        raise ValueError(words.format(given=split[:40]))
    if not datasets.at_hand(name):  # a download is asked for elsewhere, and takes minutes
        here = ", ".join(each for each in datasets.names() if datasets.at_hand(each))
        words = _("{name} is not on this machine. These data sets are: {here}.")
        raise ValueError(words.format(name=datasets.get(name).title, here=here))
    data = datasets.load(name)
    part = data.part(split)
    if not 0 <= index < len(part):
        words = _("{name} has {count} {split} pictures, from 0 to {last}; there is no {given}.")
        numbers = dict(count=exact(len(part)), last=len(part) - 1, given=index)
        raise ValueError(words.format(name=name, split=split, **numbers))
    label = int(part.labels[index])
    title = f"{datasets.get(name).title} · {split} {index}"
    return Picture(part.pictures[index], title, label, data.classes)


@cache
def from_photograph(name: str) -> Picture:
    """One of the photographs, in colour.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in photographs.NAMES:
        words = _("There is no photograph “{given}”. There are {known}.")
        raise ValueError(words.format(given=name[:40], known=", ".join(photographs.NAMES)))
    with photographs.opened(name) as photograph:
        return Picture(as_tensor(photograph.convert("RGB")), name)


def from_drawing(cells: Sequence[Sequence[float]]) -> Picture:
    """28 rows of 28 numbers from 0 (black) to 1 (white), as the pictures of MNIST are.

    Raises:
        ValueError: other numbers, or another number of them.
    """
    rows = [list(row) for row in cells]
    if len(rows) != DRAWING or any(len(row) != DRAWING for row in rows):
        words = _("A drawing has {side} rows of {side} cells.")
        raise ValueError(words.format(side=DRAWING))
    if not all(isinstance(x, int | float) and 0 <= x <= 1 for row in rows for x in row):
        raise ValueError(_("Every cell of a drawing is a number from 0 (black) to 1 (white)."))
    drawn = torch.tensor(rows, dtype=torch.float32)
    return Picture((drawn * 255).round().to(torch.uint8)[None], _("drawing"))


def start_upload(content: bytes, title: str = "", client: Client = UNKNOWN) -> Task[Picture]:
    """Begin to read this client's PNG or JPEG: upright, white behind what is transparent.

    Raises:
        Refused: a sentence for the visitor: the file is too large, or too many are being read.
    """
    return pools.start_picture(content, SIDE, partial(_picture, title or _("your picture")), client)


def _picture(title: str, output: Output) -> Picture:
    (pixels,) = output.arrays
    assert pixels.dtype == np.uint8
    assert max(pixels.shape) <= SIDE
    return Picture(as_tensor(pixels), title)


def as_tensor(picture: ArrayLike | Image.Image) -> Tensor:
    """Grey (H, W) or RGB (H, W, 3) → (1 or 3, H, W) in uint8."""
    pixels = torch.from_numpy(np.array(picture, dtype=np.uint8))
    return pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1).contiguous()


# -- what a network receives ------------------------------------------------------------------


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
    pixels = {"squeeze": _resized, "crop": _cropped, "pad": _padded}[fit](coloured, target)
    tensor = pixels.float()[None] / 255
    if normalisation in STATISTICS:
        if channels != 3:
            words = _("ImageNet's mean and deviation are for 3 channels, not {channels}.")
            raise ValueError(words.format(channels=channels))
        tensor = normalised(tensor, normalisation)
    if tensor.shape[1] != channels:  # grey, for a network that reads more
        tensor = tensor.expand(1, channels, *target).contiguous()
    return Prepared(tensor, pixels)


def normalised(brightness: Tensor, normalisation: str) -> Tensor:
    """Brightness (N, 3, H, W) from 0 to 1, as `STATISTICS` of this name make it, if there are."""
    if normalisation not in STATISTICS:
        return brightness
    mean, deviation = (torch.tensor(each)[:, None, None] for each in STATISTICS[normalisation])
    return (brightness - mean) / deviation


def wider(picture: Picture, shape: tuple[int, int, int]) -> float:
    """How many times wider than `shape` (C, H, W) the picture is, at the same height.

    Below 1 it is taller. Squeezed, it loses so much of its width; cropped, it keeps the inverse.
    """
    height, width = picture.pixels.shape[1:]
    return width / height * shape[1] / shape[2]


def _check_name(name: str, choices: dict[str, str]) -> None:
    if name not in choices:
        words = _("“{given}” is none of {known}.")
        raise ValueError(words.format(given=name[:40], known=", ".join(choices)))


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
    high = min(height, max(1, round(target[0] / scale)))
    wide = min(width, max(1, round(target[1] / scale)))
    top, left = (height - high) // 2, (width - wide) // 2
    return _resized(pixels[:, top : top + high, left : left + wide], target)


def _padded(pixels: Tensor, target: tuple[int, int]) -> Tensor:
    height, width = pixels.shape[1:]
    scale = min(target[0] / height, target[1] / width)
    high = min(target[0], max(1, round(height * scale)))
    wide = min(target[1], max(1, round(width * scale)))
    top, left = (target[0] - high) // 2, (target[1] - wide) // 2
    around = (left, target[1] - wide - left, top, target[0] - high - top)
    return pad(_resized(pixels, (high, wide)), around)
