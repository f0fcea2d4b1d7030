"""A zip or a folder with one folder of pictures per class → all pictures at one size."""

import io
import math
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from explorer.base.language import _
from explorer.base.tasks import Output, Progress, Refused, unheard
from explorer.base.units import count, size
from explorer.data.decoding.folders import Picture, PictureFolder, opened
from explorer.data.decoding.pictures import MOST_PIXELS, eight_bits, on_paper, opening, upright

Pixels = npt.NDArray[np.uint8]

MOST_SIDE = 224  # what the largest of the course's networks take
LEAST_SIDE = 8
MOST_BYTES = 512_000_000  # all pictures at one size, in memory
MOST_PIXELS_IN_ALL = 10_000_000_000  # minutes of work
# Photographs have under 10 pixels a byte, drawings on white paper some 100.
MOST_PIXELS_A_BYTE = 400
FREE_PIXELS = 40_000_000  # whatever they are: a second's work
NAMED = 3  # so many unreadable pictures are named


def decode(content: bytes, progress: Progress, *, path: str = "") -> Output:
    """The pictures (N, C, side, side), each one's class (N,), and {"classes"}, their names.

    They are those of the zip `content`, or of the zip or folder at `path` on this machine.
    `progress` is told how many pictures of all have been looked at (each is looked at twice).

    Raises:
        Refused: what was given is not that, is too large, or cannot be read.
    """
    with opened(Path(path) if path else io.BytesIO(content)) as source:
        pixels, labels = one_size(source, progress)
        return Output({"classes": list(source.classes)}, (pixels, np.array(labels, np.int64)))


def one_size(folder: PictureFolder, progress: Progress = unheard) -> tuple[Pixels, list[int]]:
    """All pictures (N, C, side, side), in the order of the classes, and each one's class.

    The side is that of the usual picture, as far as memory allows and never above 224; longer
    sides are cut off evenly. C is 1 if every picture is grey, else 3. `progress` is told how many
    pictures of all have been looked at; what it raises stops the work.

    Raises:
        Refused: pictures that cannot be read, or too many pixels.
    """
    pictures = [each for own in folder.classes.values() for each in own]
    labels = [label for label, own in enumerate(folder.classes.values()) for _each in own]
    channels, side = _measure(pictures, folder.packed, progress)
    pixels = np.empty((len(pictures), channels, side, side), np.uint8)

    def fit(row: int, picture: Image.Image) -> None:
        pixels[row] = _fit(picture, channels, side)

    _look_at_all(pictures, fit, progress, done=len(pictures))
    return pixels, labels


def _look_at_all(
    pictures: list[Picture],
    look: Callable[[int, Image.Image], None],
    progress: Progress,
    done: int = 0,
) -> None:
    """Call `look` with each one's number and head; those that cannot be read are named together."""
    broken = []
    for row, each in enumerate(pictures):
        try:
            content = each.read()
        except OSError:  # a file of a folder: gone, or not ours to read
            content = b""
        try:
            with opening(content) as picture:
                look(row, picture)
        except Refused:
            broken.append(str(each.place))
        progress(done + row + 1, 2 * len(pictures))
    if broken:
        words = _(
            "{n} of {total} pictures cannot be read as PNG or JPEG, are packed as no program "
            "does it, or have over {most} million pixels: {names}. Leave them out or save "
            "them anew."
        )
        names = ", ".join(broken[:NAMED]) + (" …" if len(broken) > NAMED else "")
        most = MOST_PIXELS // 1_000_000
        n, total = count(len(broken)), count(len(pictures))
        raise Refused(words.format(n=n, total=total, most=most, names=names))


def _measure(pictures: list[Picture], packed: int, progress: Progress) -> tuple[int, int]:
    """Channels and side that suit all, from the pictures' headers alone."""
    sizes, modes = [], set()

    def measure(_row: int, picture: Image.Image) -> None:
        sizes.append(picture.size)
        modes.add(picture.mode)

    _look_at_all(pictures, measure, progress)
    _check_pixels(sum(map(math.prod, sizes)), packed)
    channels = 1 if modes <= {"1", "L", "LA", "I;16", "I;16B", "I"} else 3
    usual = int(statistics.median(min(size) for size in sizes))
    room = math.isqrt(MOST_BYTES // (len(sizes) * channels))
    return channels, max(min(usual, room, MOST_SIDE), LEAST_SIDE)


def _check_pixels(total: int, packed: int) -> None:
    if total > FREE_PIXELS + MOST_PIXELS_A_BYTE * packed:
        words = _(
            "The pictures have {n} pixels in all, but only {size} together, as no photographs "
            "have. Make them smaller: at most {side} pixels a side are used."
        )
        raise Refused(words.format(n=count(total), size=size(packed), side=MOST_SIDE))
    if total > MOST_PIXELS_IN_ALL:
        words = _("The pictures have {n} pixels in all; at most {most} are taken.")
        raise Refused(words.format(n=count(total), most=count(MOST_PIXELS_IN_ALL)))


def _fit(picture: Image.Image, channels: int, side: int) -> Pixels:
    """(C, side, side): the picture's middle, its shorter side made `side` pixels."""
    picture.draft("L" if channels == 1 else "RGB", (side, side))  # a JPEG: no larger than needed
    plain = upright(on_paper(eight_bits(picture)), picture)
    coloured = plain.convert("L" if channels == 1 else "RGB")
    square = ImageOps.fit(coloured, (side, side), Image.Resampling.LANCZOS)
    pixels = np.asarray(square, dtype=np.uint8)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
