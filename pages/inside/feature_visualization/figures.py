"""What excites channels, as pictures: patches, a sheet of them for all channels, and tables."""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.figures.maps import Mosaic, side_for
from explorer.figures.pictures import png
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
    inside = drawn[top : bottom + 1, left : right + 1][: size[0], : size[1]]
    # A field that is cut off begins or ends at the picture's edge.
    above = size[0] - len(inside) if top == 0 else 0
    before = size[1] - inside.shape[1] if left == 0 else 0
    whole = np.zeros((*size, 4), np.uint8)
    whole[above : above + len(inside), before : before + inside.shape[1]] = inside
    return whole


def resized(drawn: Pixels, side: int) -> Pixels:
    """The longer side at most `side` pixels; small pictures stay as they are."""
    image = Image.fromarray(drawn)
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image)


def sheet(tiles: Sequence[Pixels]) -> Mosaic:
    """One tile (H, W, 4) for each channel, all of one size, made smaller where there are many."""
    small = np.stack([resized(tile, side_for(len(tiles))) for tile in tiles])
    count, height, width = small.shape[:3]
    columns = max(1, ceil(sqrt(count * height / width)))
    return Mosaic(png(_laid_out(small, columns)), columns, (height, width), height < len(tiles[0]))


def _laid_out(tiles: Pixels, columns: int) -> Pixels:
    """(N, H, W, 4) in reading order as one sheet; see-through where there is no tile."""
    count, height, width = tiles.shape[:3]
    whole = np.pad(tiles, ((0, -count % columns), (0, 0), (0, 0), (0, 0)))
    lines = whole.reshape(-1, columns, height, width, 4).swapaxes(1, 2)
    return lines.reshape(-1, columns * width, 4)


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
    gap, none = (GAP, 0), (0, 0)
    tiles = np.pad(np.stack(drawn), (none, gap, gap, none), constant_values=255)
    whole = np.pad(_laid_out(tiles, columns), (gap[::-1], gap[::-1], none), constant_values=255)
    whole[whole[..., 3] == 0] = WHITE
    return png(whole)


def curve(ascent: Ascent) -> str:
    """The channel's value after each step, as CSV."""
    rows = [[step, f"{value:.9g}"] for step, value in enumerate(ascent.values)]
    return spreadsheet.text([[_("step"), _("value")], *rows])


def pixels(ascent: Ascent) -> Pixels:
    """The picture of an ascent, as (1 or 3, H, W); of other channel counts the first."""
    channels = len(ascent.picture) if len(ascent.picture) in (1, 3) else 1
    return (ascent.picture[:channels] * 255).round().byte().numpy()
