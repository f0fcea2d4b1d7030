"""A stranger's PNG or JPEG → its pixels: eight bits for each number, on white paper, upright.

Whether it comes alone or with a thousand others, one file gives the same numbers.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from explorer.base.language import _
from explorer.base.tasks import Output, Progress, Refused
from explorer.base.units import size, times
from explorer.data.decoding import markers

MOST_BYTES = 10_000_000
LEAST_SIDE = 8
MOST_RATIO = 16  # longer side : shorter side
MOST_PIXELS = 40_000_000  # what a telephone's camera makes

# What Pillow raises over files that are no pictures, or are broken ones.
UNREADABLE = (
    OSError, ValueError, TypeError, SyntaxError, EOFError, LookupError, struct.error, zlib.error
)  # fmt: skip

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

    It stands upright, is white behind what is transparent, and is the first of several.

    Raises:
        Refused: a sentence for the visitor: too large, too small, too thin, or no such picture.
    """
    check_bytes(content)
    with opening(content) as picture:
        _check(picture.size)
        picture.draft(picture.mode, (side, side))  # a JPEG is unpacked no larger than needed
        small = eight_bits(picture)
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        pixels: Any = np.array(upright(on_paper(small), picture), dtype=np.uint8)
        return Output(arrays=(pixels,))


def check_bytes(content: bytes) -> None:
    """Refuse what is too large even to be looked at."""
    if len(content) > MOST_BYTES:
        words = _("The file has {size}; at most {most} are taken. Save it smaller.")
        raise Refused(words.format(size=size(len(content)), most=size(MOST_BYTES)))


def _check(sides: tuple[int, int]) -> None:
    """Width and height, as Pillow has them."""
    if min(sides) < LEAST_SIDE:
        words = _("The picture is {size} pixels; each side needs at least {least}.")
        raise Refused(words.format(size=times(sides[::-1]), least=LEAST_SIDE))
    if max(sides) > MOST_RATIO * min(sides):
        words = _(
            "The picture is {size} pixels: one side is more than {most} times the other. "
            "Cut out a part of it."
        )
        raise Refused(words.format(size=times(sides[::-1]), most=MOST_RATIO))


# -- what a picture alone and one of many go through -------------------------------------------


@contextmanager
def opening(content: bytes) -> Iterator[Image.Image]:
    """The picture, its head read; what comes of reading the rest, as long as this is open, too.

    What the file *claims* to be is checked before it is unpacked: a few kilobytes can inflate to
    gigabytes.

    Raises:
        Refused: a sentence for the visitor: no such picture, too many pixels, or made to do harm.
    """
    markers.check(content)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
            if math.prod(picture.size) > MOST_PIXELS:
                raise _too_many_pixels()
            markers.check_claim(content)
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Refused:
        raise
    except UNREADABLE:
        words = _("This file cannot be read as a PNG or JPEG picture. Choose another one.")
        raise Refused(words) from None


def _too_many_pixels() -> Refused:
    words = _("The picture has too many pixels: at most {most} million. Save it smaller.")
    return Refused(words.format(most=MOST_PIXELS // 1_000_000))


def eight_bits(picture: Image.Image) -> Image.Image:
    """Eight bits for each number, in a mode that can be shrunk: grey or RGB, alpha with them."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off at 255
        return picture.point(lambda grey: grey * (1 / 257) + 0.5).convert("L")
    if picture.mode in ("LA", "RGBA"):
        return picture
    mode = "L" if picture.mode in ("1", "L") else "RGB"
    if picture.has_transparency_data:
        mode = "RGBA"
    return picture if picture.mode == mode else picture.convert(mode)


def on_paper(picture: Image.Image) -> Image.Image:
    """White where a picture of eight bits is transparent."""
    if picture.mode not in ("LA", "RGBA"):
        return picture
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


def upright(picture: Image.Image, noted: Image.Image) -> Image.Image:
    """As the camera was held, by what is `noted` with it; as it lies where that is damaged."""
    try:
        turn = TURNS.get(noted.getexif().get(ExifTags.Base.Orientation, 1))
    except UNREADABLE:
        turn = None
    return picture if turn is None else picture.transpose(turn)
