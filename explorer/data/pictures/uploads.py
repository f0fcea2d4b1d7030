"""A visitor's file → a picture, read in a process of its own, whatever the file turns out to be."""

from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer.base.language import _
from explorer.base.tasks import UNKNOWN, Client, Output, Task, Work
from explorer.data.decoding import pools
from explorer.data.decoding.pictures import MOST_BYTES, check_bytes
from explorer.data.pictures.records import Picture

SIDE = 1024  # pixels of the longer side that is kept: more than any network here takes

__all__ = ["MOST_BYTES", "as_tensor", "from_upload", "start_upload"]


def start_upload(content: bytes, title: str = "", client: Client = UNKNOWN) -> Task[Picture]:
    """Begin to read this client's PNG or JPEG: upright, white behind what is transparent.

    Raises:
        Refused: a sentence for the visitor: the file is too large, or too many are being read.
    """
    check_bytes(content)
    work = Work("explorer.data.decoding.pictures:decode", pools.PICTURE, content, {"side": SIDE})
    return pools.PICTURES.start(work, partial(_picture, title or _("your picture")), client)


def from_upload(content: bytes, title: str = "") -> Picture:
    """A PNG or JPEG as a picture, once it is read.

    Raises:
        Refused: a sentence for the visitor: too large, too small, too thin, or no such picture.
    """
    return start_upload(content, title).result()


def _picture(title: str, output: Output) -> Picture:
    (pixels,) = output.arrays
    assert pixels.dtype == np.uint8
    assert max(pixels.shape) <= SIDE
    return Picture(_channels_first(torch.from_numpy(pixels)), title)


def as_tensor(picture: Image.Image) -> Tensor:
    """Grey or RGB → (1 or 3, H, W) in uint8."""
    return _channels_first(torch.from_numpy(np.array(picture, dtype=np.uint8)))


def _channels_first(pixels: Tensor) -> Tensor:
    """(H, W) or (H, W, 3) → (1 or 3, H, W)."""
    return pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1).contiguous()
