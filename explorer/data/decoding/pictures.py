"""A stranger's picture → its pixels, whatever the file turns out to be."""

from typing import Any

import numpy as np
from PIL import Image

from explorer.base.language import _
from explorer.base.tasks import Output, Progress, Refused
from explorer.base.units import size, times
from explorer.data.decoding import raster

MOST_BYTES = 10_000_000
LEAST_SIDE = 8
MOST_RATIO = 16  # longer side : shorter side


def decode(content: bytes, _progress: Progress, *, side: int) -> Output:
    """A PNG or JPEG: its longer side at most `side`, (H, W) if it is grey, else (H, W, 3).

    It stands upright, is white behind what is transparent, and is the first of several.

    Raises:
        Refused: a sentence for the visitor: too large, too small, too thin, or no such picture.
    """
    check_bytes(content)
    with raster.opened(content) as opened:
        _check(opened.size)
        opened.draft(opened.mode, (side, side))  # a JPEG is unpacked no larger than needed
        small = raster.eight_bits(opened)
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        pixels: Any = np.array(raster.upright(raster.on_paper(small), opened), dtype=np.uint8)
        return Output(arrays=(pixels,))


def check_bytes(content: bytes) -> None:
    """Refuse what is too large even to be looked at."""
    if len(content) > MOST_BYTES:
        words = _("The file has {size}; at most {most} are taken. Save it smaller.")
        raise Refused(words.format(size=size(len(content)), most=size(MOST_BYTES)))


def _check(sides: tuple[int, int]) -> None:
    if min(sides) < LEAST_SIDE:
        words = _("The picture is {sides} pixels; each side needs at least {least}.")
        raise Refused(words.format(sides=times(sides), least=LEAST_SIDE))
    if max(sides) > MOST_RATIO * min(sides):
        words = _(
            "The picture is {sides} pixels: one side is more than {most} times the other. "
            "Cut out a part of it."
        )
        raise Refused(words.format(sides=times(sides), most=MOST_RATIO))
