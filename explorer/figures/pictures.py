"""Arrays as the browser reads them: numbers, pictures, and contact sheets of many in one PNG."""

import io
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

Pixels = npt.NDArray[np.uint8]  # (N, C, H, W), C of 1 (grey) or 3 (red, green, blue)

TILE = 56  # the usual side of a picture on a sheet, in pixels
GAP = 4  # see-through, so that a sheet lies on any background


def tiles(pictures: Pixels, side: int = TILE) -> Pixels:
    """(N, C, H, W) → (N, h, w, 4), the longer side about `side`, in red, green, blue and opacity.

    Small pictures keep their cells: each becomes a square of a whole number of pixels. Large ones
    are shrunk.
    """
    number, _channels, height, width = pictures.shape
    longer = max(height, width)
    colours = np.broadcast_to(pictures, (number, 3, height, width)).transpose(0, 2, 3, 1)
    if longer <= side:
        times = max(round(side / longer), 1)
        colours = colours.repeat(times, axis=1).repeat(times, axis=2)
    else:
        size = (max(width * side // longer, 1), max(height * side // longer, 1))
        small = [Image.fromarray(each).resize(size, Image.Resampling.BOX) for each in colours]
        colours = np.stack([np.asarray(each) for each in small])
    opaque = np.full((*colours.shape[:3], 1), 255, np.uint8)
    return np.concatenate([colours, opaque], axis=3)


def sheet(rows: Sequence[Pixels], side: int = TILE, gap: int = GAP) -> Pixels:
    """Rows of pictures of one size, one row below the other → (height, width, 4).

    Rows may be of different lengths, and empty: what is not there is see-through. A gap runs
    around each picture, so that all rows are equally high.
    """
    drawn = [tiles(row, side) if len(row) else None for row in rows]
    first = next((each for each in drawn if each is not None), None)
    if first is None:
        return np.zeros((1, 1, 4), np.uint8)
    high, wide = (size + gap for size in first.shape[1:3])
    columns = max(len(row) for row in rows)
    whole = np.zeros((high * len(rows), wide * columns, 4), np.uint8)
    for line, row in enumerate(drawn):
        for place, tile in enumerate([] if row is None else row):
            top, left = line * high + gap // 2, place * wide + gap // 2
            whole[top : top + high - gap, left : left + wide - gap] = tile
    return whole


def png(pixels: Pixels) -> bytes:
    """(height, width, 4) as a PNG file."""
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG", compress_level=4)  # 9 takes five times as long
    return written.getvalue()


def address(picture: bytes) -> str:
    """A PNG as a `data:` address, to be put into a page."""
    return "data:image/png;base64," + b64encode(picture).decode("ascii")


def numbers(values: Any) -> str:
    """Numbers for the browser: float32 in base64, row by row."""
    array = values.numpy() if isinstance(values, Tensor) else np.asarray(values)
    return b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode("ascii")
