"""What excites channels, as pictures: patches, a sheet of them for all channels, and tables."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.figures.maps import MOST_SIDE, side_for
from explorer.inside.feature_visualization import Ascent, Box

Pixels = npt.NDArray[np.uint8]  # (1 or 3, H, W) of a picture; (H, W, 4) of what is drawn
FRAME = (213, 94, 0, 255)  # Okabe & Ito's vermilion
WHITE = (255, 255, 255, 255)
GAP = 6
LEAST = 96  # pixels of the longer side of a picture that is saved


def opaque(picture: Pixels) -> Pixels:
    """(1 or 3, H, W) → (H, W, 4)."""
    coloured = np.broadcast_to(picture, (3, *picture.shape[1:])).transpose(1, 2, 0)
    alpha = np.full((*coloured.shape[:2], 1), 255, np.uint8)
    return np.concatenate([coloured, alpha], axis=2)


def patch(picture: Pixels, box: Box | None, size: tuple[int, int]) -> Pixels:
    """What a unit sees of a picture, in a field of `size`; see-through beyond the picture's edge.

    The whole picture where no `box` describes it.
    """
    drawn = opaque(picture)
    if box is None:
        return drawn
    top, bottom, left, right = box
    seen = drawn[top : bottom + 1, left : right + 1][: size[0], : size[1]]
    # A field that is cut off begins or ends at the picture's edge.
    above = size[0] - len(seen) if top == 0 else 0
    before = size[1] - seen.shape[1] if left == 0 else 0
    whole = np.zeros((*size, 4), np.uint8)
    whole[above : above + len(seen), before : before + seen.shape[1]] = seen
    return whole


def resized(drawn: Pixels, side: int) -> Pixels:
    """The longer side at most `side` pixels; small pictures stay as they are."""
    height, width = drawn.shape[:2]
    longer = max(height, width)
    if longer <= side:
        return drawn
    size = (max(width * side // longer, 1), max(height * side // longer, 1))
    return np.asarray(Image.fromarray(drawn).resize(size, Image.Resampling.BOX))


@dataclass(frozen=True)
class Sheet:
    """Tiles of one size in one PNG, in reading order, without gaps."""

    png: bytes
    columns: int
    tile: tuple[int, int]  # height and width in the PNG


def sheet(tiles: Sequence[Pixels]) -> Sheet:
    """One tile (H, W, 4) for each channel, all of one size, made smaller where there are many."""
    small = [resized(tile, min(side_for(len(tiles)), MOST_SIDE)) for tile in tiles]
    height, width = small[0].shape[:2]
    columns = max(1, ceil(sqrt(len(small) * height / width)))
    rows = ceil(len(small) / columns)
    whole = np.zeros((rows * height, columns * width, 4), np.uint8)
    for place, tile in enumerate(small):
        row, column = divmod(place, columns)
        whole[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
    return Sheet(png(whole), columns, (height, width))


def png(drawn: Pixels) -> bytes:
    """(H, W, 4) as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(drawn).save(file, "PNG", compress_level=1)
    return file.getvalue()


def framed(picture: Pixels, box: Box | None) -> Pixels:
    """A picture grown to at least `LEAST` pixels by whole cells, what a unit sees of it framed."""
    times = max(1, ceil(LEAST / max(picture.shape[1:])))
    drawn = opaque(picture).repeat(times, axis=0).repeat(times, axis=1)
    if box is None:
        return drawn
    canvas = Image.fromarray(drawn)
    pen = ImageDraw.Draw(canvas)
    top, bottom, left, right = box
    edges = [left * times, top * times, (right + 1) * times - 1, (bottom + 1) * times - 1]
    pen.rectangle(edges, outline=WHITE, width=4)
    pen.rectangle([edges[0] + 1, edges[1] + 1, edges[2] - 1, edges[3] - 1], outline=FRAME, width=2)
    return np.asarray(canvas)


def board(drawn: Sequence[Pixels], columns: int = 3) -> bytes:
    """Pictures of one size in rows, as a PNG to take along."""
    high, wide = (side + GAP for side in drawn[0].shape[:2])
    rows = ceil(len(drawn) / columns)
    whole = np.full((rows * high + GAP, columns * wide + GAP, 4), 255, np.uint8)
    for place, each in enumerate(drawn):
        row, column = divmod(place, columns)
        top, left = GAP + row * high, GAP + column * wide
        whole[top : top + each.shape[0], left : left + each.shape[1]] = each
    return png(whole)


def table(rows: Sequence[Sequence[object]]) -> str:
    """Every channel's strongest pictures as CSV."""
    head = [
        _("channel (from 0)"), _("place"), _("value"), _("picture (from 0)"), _("class"),
        _("row (from 0)"), _("column (from 0)"), _("first row seen"), _("last row seen"),
        _("first column seen"), _("last column seen"),
    ]  # fmt: skip
    return spreadsheet.text([head, *rows])


def curve(ascent: Ascent) -> str:
    """The channel's value after each step, as CSV."""
    rows = [[step, f"{value:.9g}"] for step, value in enumerate(ascent.values)]
    return spreadsheet.text([[_("step"), _("value")], *rows])


def shown(ascent: Ascent) -> Pixels:
    """The picture of an ascent, as (1 or 3, H, W); of other channel counts the first."""
    picture = ascent.picture
    kept = picture if len(picture) in (1, 3) else picture[:1]
    return (kept * 255).round().byte().numpy()
