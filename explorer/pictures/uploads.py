"""A visitor's file → a picture, whatever the file turns out to be."""

import io
import math
from threading import Lock

import numpy as np
import torch
from PIL import ExifTags, Image
from torch import Tensor

from explorer.language import _
from explorer.pictures.records import Picture
from explorer.pillow_errors import UNREADABLE
from explorer.units import size, times

SIDE = 1024  # pixels of the longer side that is kept: more than any network here takes
MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000  # what a telephone's camera makes
LEAST_SIDE = 8
MOST_RATIO = 16  # longer side : shorter side

# What a camera notes of how it was held → how the picture is turned upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_one_at_a_time = Lock()  # unpacking a large one takes up to half a gigabyte for a moment


class _Refused(ValueError):
    """The picture was understood, but is not taken."""


def from_upload(content: bytes, title: str = "") -> Picture:
    """A visitor's PNG or JPEG: upright, white behind what is transparent, the first of several.

    What the file *claims* to be is checked before it is unpacked: a few kilobytes can inflate to
    gigabytes.

    Raises:
        ValueError: a sentence for the visitor: too large, too small, too thin, or no such picture.
    """
    if len(content) > MOST_BYTES:
        raise _Refused(
            _("The file has {size}; at most {most} are taken. Save it smaller.").format(
                size=size(len(content)), most=size(MOST_BYTES)
            )
        )
    try:
        with (
            _one_at_a_time,
            Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as opened,
        ):
            _check(opened.size)
            opened.draft(opened.mode, (SIDE, SIDE))  # a JPEG is unpacked no larger than needed
            small = _plain(opened)
            small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            upright = _upright(_on_paper(small), opened)
            return Picture(as_tensor(upright), title or _("your picture"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except _Refused:
        raise
    except UNREADABLE:
        raise _Refused(
            _("This file cannot be read as a PNG or JPEG picture. Choose another one.")
        ) from None


def _too_many_pixels() -> _Refused:
    return _Refused(
        _("The picture has too many pixels: at most {most} million. Save it smaller.").format(
            most=MOST_PIXELS // 1_000_000
        )
    )


def _check(sides: tuple[int, int]) -> None:
    if math.prod(sides) > MOST_PIXELS:
        raise _too_many_pixels()
    if min(sides) < LEAST_SIDE:
        raise _Refused(
            _("The picture is {sides} pixels; each side needs at least {least}.").format(
                sides=times(sides), least=LEAST_SIDE
            )
        )
    if max(sides) > MOST_RATIO * min(sides):
        raise _Refused(
            _(
                "The picture is {sides} pixels: one side is more than {most} times the other. "
                "Cut out a part of it."
            ).format(sides=times(sides), most=MOST_RATIO)
        )


def _plain(picture: Image.Image) -> Image.Image:
    """Eight bits for each number, in a mode that can be shrunk: grey or RGB, alpha with them."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off at 255
        return picture.point(lambda grey: grey * (1 / 257) + 0.5).convert("L")
    if picture.mode in ("LA", "RGBA"):
        return picture
    wanted = "L" if picture.mode in ("1", "L") else "RGB"
    if picture.has_transparency_data:
        wanted = "RGBA"
    return picture if picture.mode == wanted else picture.convert(wanted)


def _on_paper(picture: Image.Image) -> Image.Image:
    """White where it is transparent."""
    if picture.mode not in ("LA", "RGBA"):
        return picture
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


def _upright(picture: Image.Image, opened: Image.Image) -> Image.Image:
    """As the camera was held; as it lies where the camera's notes are damaged."""
    try:
        turn = TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except UNREADABLE:
        turn = None
    return picture if turn is None else picture.transpose(turn)


def as_tensor(picture: Image.Image) -> Tensor:
    """Grey or RGB → (1 or 3, H, W) in uint8."""
    pixels = torch.from_numpy(np.array(picture, dtype=np.uint8))
    return pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1).contiguous()
