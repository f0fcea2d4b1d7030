"""A stranger's PNG or JPEG → eight bits for each number, on white paper, upright.

Whether it comes alone or with a thousand others, one file gives the same numbers.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ExifTags, Image

from explorer.base.language import _
from explorer.base.tasks import Refused
from explorer.data.decoding import markers

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


@contextmanager
def opened(content: bytes) -> Iterator[Image.Image]:
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
        raise Refused(
            _("This file cannot be read as a PNG or JPEG picture. Choose another one.")
        ) from None


def _too_many_pixels() -> Refused:
    words = _("The picture has too many pixels: at most {most} million. Save it smaller.")
    return Refused(words.format(most=MOST_PIXELS // 1_000_000))


def eight_bits(picture: Image.Image) -> Image.Image:
    """Eight bits for each number, in a mode that can be shrunk: grey or RGB, alpha with them."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off at 255
        return picture.point(lambda grey: grey * (1 / 257) + 0.5).convert("L")
    if picture.mode in ("LA", "RGBA"):
        return picture
    wanted = "L" if picture.mode in ("1", "L") else "RGB"
    if picture.has_transparency_data:
        wanted = "RGBA"
    return picture if picture.mode == wanted else picture.convert(wanted)


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
