"""Real pictures as numbers: two photographs and the handwritten digits, and a visitor's own.

They lie in scikit-learn's package as files. They are read from there without importing it, which
would take every server start two seconds for four pictures; a test compares them with what its
own functions load.
"""

import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from explorer.language import _
from explorer.pillow_errors import UNREADABLE

Photograph = npt.NDArray[np.float64]  # (H, W), brightness from 0 to 1

NAMES = ("china", "flower")
SIDE = 480  # pixels of the longer side: what a page shows, and quick to convolve
MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000  # what a telephone's camera makes; 160 MB once it is unpacked
LEAST_SIDE = 8


def _data_folder() -> Path:
    found = find_spec("sklearn")
    assert found is not None, "scikit-learn is required"
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "datasets"


def _shrunk(picture: Image.Image, side: int) -> Photograph:
    small = _eight_bits(ImageOps.exif_transpose(picture))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
    return np.asarray(small.convert("L"), dtype=np.float64) / 255


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey; with its transparency still in it, if there is any."""
    if picture.mode.startswith("I"):  # 16 bits: `convert` would cut them off at 255, all white
        return Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))
    return picture.convert("RGBA" if picture.has_transparency_data else "L")


@cache
def photograph(name: Literal["china", "flower"], side: int = SIDE) -> Photograph:
    """One of the two photographs, grey, its longer side `side` pixels; do not write into it."""
    with Image.open(_data_folder() / "images" / f"{name}.jpg") as picture:
        found = _shrunk(picture, side)
    found.flags.writeable = False
    return found


@cache
def digit(number: int) -> npt.NDArray[np.int64]:
    """Handwritten digit `number` (0 to 1796) of the UCI set, (8, 8), ink from 0 to 16."""
    path = _data_folder() / "data" / "digits.csv.gz"
    row = np.loadtxt(path, delimiter=",", skiprows=number, max_rows=1)
    found: npt.NDArray[np.int64] = row[:-1].astype(np.int64).reshape(8, 8)  # last: the class
    return found


@cache
def patch(name: Literal["china", "flower"], side: int, levels: int = 9) -> npt.NDArray[np.int64]:
    """The middle of a photograph in few numbers: (side, side), brightness from 0 to `levels`."""
    whole = photograph(name)
    short = min(whole.shape)
    top, left = ((size - short) // 2 for size in whole.shape)
    square = Image.fromarray((whole[top : top + short, left : left + short] * 255).astype(np.uint8))
    small = np.asarray(square.resize((side, side), Image.Resampling.BOX), dtype=np.float64)
    found: npt.NDArray[np.int64]
    found = np.rint((small - small.min()) / np.ptp(small) * levels).astype(np.int64)
    return found


def read_upload(content: bytes, side: int = SIDE) -> Photograph:
    """A visitor's PNG or JPEG, grey and shrunk to `side` pixels.

    The size that the file *claims* is checked before it is unpacked: a few kilobytes can inflate
    to gigabytes.

    Raises:
        ValueError: a sentence for the visitor: too large, too small, or no such picture.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(
            _("The file has {size:.1f} MB; at most {most} MB are taken. Save it smaller.").format(
                size=len(content) / 1e6, most=MOST_BYTES // 1_000_000
            )
        )
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
            _check_size(picture.size)
            picture.draft("L", (side, side))  # a JPEG is unpacked no larger than needed
            found = _shrunk(picture, side)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _Refused.too_many_pixels() from None
    except _Refused:
        raise
    except UNREADABLE:
        raise ValueError(
            _("This file cannot be read as a PNG or JPEG picture. Choose another one.")
        ) from None
    return found


class _Refused(ValueError):
    """The picture was understood, but is not taken."""

    @classmethod
    def too_many_pixels(cls) -> "_Refused":
        return cls(
            _("The picture has too many pixels: at most {most} million. Save it smaller.").format(
                most=MOST_PIXELS // 1_000_000
            )
        )


def _check_size(size: tuple[int, int]) -> None:
    wide, high = size
    if wide * high > MOST_PIXELS:
        raise _Refused.too_many_pixels()
    if min(size) < LEAST_SIDE:
        raise _Refused(
            _("The picture is {wide} × {high} pixels; each side needs at least {least}.").format(
                wide=wide, high=high, least=LEAST_SIDE
            )
        )
