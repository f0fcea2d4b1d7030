"""A stranger's picture → its pixels, whatever the file turns out to be."""

import io
import math
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from explorer.decoding import markers
from explorer.language import _
from explorer.pillow_errors import UNREADABLE
from explorer.tasks import Output, Progress, Refused
from explorer.units import size, times

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


def decode(content: bytes, _progress: Progress, *, side: int) -> Output:
    """A PNG or JPEG: its longer side at most `side`, (H, W) if it is grey, else (H, W, 3).

    It stands upright, is white behind what is transparent, and is the first of several. What the
    file *claims* to be is checked before it is unpacked: a few kilobytes can inflate to gigabytes.

    Raises:
        Refused: a sentence for the visitor: too large, too small, too thin, or no such picture.
    """
    check_bytes(content)
    markers.check(content)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as opened:
            _check(opened.size)
            markers.check_claim(content)
            opened.draft(opened.mode, (side, side))  # a JPEG is unpacked no larger than needed
            small = _plain(opened)
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            upright = _upright(_on_paper(small), opened)
            pixels: Any = np.array(upright, dtype=np.uint8)
            return Output(arrays=(pixels,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Refused:
        raise
    except UNREADABLE:
        raise Refused(
            _("This file cannot be read as a PNG or JPEG picture. Choose another one.")
        ) from None


def check_bytes(content: bytes) -> None:
    """Refuse what is too large even to be looked at."""
    if len(content) > MOST_BYTES:
        raise Refused(
            _("The file has {size}; at most {most} are taken. Save it smaller.").format(
                size=size(len(content)), most=size(MOST_BYTES)
            )
        )


def _too_many_pixels() -> Refused:
    return Refused(
        _("The picture has too many pixels: at most {most} million. Save it smaller.").format(
            most=MOST_PIXELS // 1_000_000
        )
    )


def _check(sides: tuple[int, int]) -> None:
    if math.prod(sides) > MOST_PIXELS:
        raise _too_many_pixels()
    if min(sides) < LEAST_SIDE:
        raise Refused(
            _("The picture is {sides} pixels; each side needs at least {least}.").format(
                sides=times(sides), least=LEAST_SIDE
            )
        )
    if max(sides) > MOST_RATIO * min(sides):
        raise Refused(
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
