"""Feature maps as pictures: all channels of a layer in one PNG, in the house's colours.

Two colour maps, as everywhere (`.streamlit/config.toml` names the same stops): numbers from zero
up run through viridis; signed ones are blue below zero, white at zero, orange above. A colour is
one byte: 0 … 254 along the map, 255 for what is no number.
"""

import io
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

NEAREST = Image.Resampling.NEAREST

Maps = npt.NDArray[np.float32]  # (C, H, W)
Numbers = npt.NDArray[np.float32]  # (C,)
Bytes = npt.NDArray[np.uint8]
Scale = Literal["channel", "layer", "network"]  # over what one range of colours spans

SEQUENTIAL = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
    "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip
DIVERGING = (
    "#0b4f8a", "#2a78b8", "#62a4d6", "#a3cbea", "#e3eff8", "#ffffff",
    "#fcebdd", "#f6be8f", "#e98e4a", "#c9641a", "#8f3f07",
)  # fmt: skip
NO_NUMBER = "#b9c0c9"
LAST, NONE = 254, 255

MOST_SIDE = 96  # pixels of one map in a mosaic: larger ones are averaged down
MOST_PIXELS = 1_200_000  # of a whole mosaic; a screen has about as many


def colours(*, signed: bool) -> Bytes:
    """The colour map as (256, 3); the last is for what is no number."""
    named = DIVERGING if signed else SEQUENTIAL
    stops = np.array([list(bytes.fromhex(stop[1:])) for stop in named])
    places = np.linspace(0, len(stops) - 1, LAST + 1)
    parts = [np.interp(places, np.arange(len(stops)), part) for part in stops.T]
    ramp = np.rint(np.stack(parts, axis=1)).astype(np.uint8)
    return np.concatenate([ramp, np.array([list(bytes.fromhex(NO_NUMBER[1:]))], np.uint8)])


@dataclass(frozen=True, eq=False)
class Span:
    """The numbers at both ends of the colour map, for each channel (C,)."""

    low: Numbers
    high: Numbers
    signed: bool


def span(
    lows: Numbers,
    highs: Numbers,
    scale: Scale,
    *,
    signed: bool,
    network: tuple[float, float] = (0.0, 0.0),
) -> Span:
    """Ranges of colours from each channel's least and largest number.

    Signed ones are symmetric, so that white is zero. The others begin at zero, or at the least
    number where that is negative. `network` is the least and the largest of all layers.
    """
    if scale == "layer" and len(lows):
        network = float(lows.min()), float(highs.max())
    if scale != "channel":
        lows, highs = np.full_like(lows, network[0]), np.full_like(highs, network[1])
    lows, highs = np.minimum(lows, 0), np.maximum(highs, 0)
    if signed:
        highs = np.maximum(-lows, highs)
        lows = -highs
    return Span(lows, highs, signed)


def indices(maps: Maps, spanned: Span) -> Bytes:
    """The place of each number on the colour map, (C, H, W). A span of nothing is its middle."""
    low = spanned.low[:, None, None]
    width = (spanned.high - spanned.low)[:, None, None]
    none = ~np.isfinite(maps)
    safe = np.where(none, 0, maps)
    share = np.divide(safe - low, width, out=np.zeros_like(safe), where=width > 0)
    if spanned.signed:
        share = np.where(width > 0, share, 0.5)
    places: Bytes = np.rint(share.clip(0, 1) * LAST).astype(np.uint8)
    places[none] = NONE
    return places


def coloured(values: npt.NDArray[np.float64], most: float, *, signed: bool) -> Bytes:
    """One map (H, W) from −`most` (signed) or 0 to `most` on the colour map; beyond is its end."""
    end = np.array([most], np.float32)
    ends = Span(-end if signed else np.zeros_like(end), end, signed)
    places: Bytes = indices(values[None].astype(np.float32), ends)[0]
    return places


def shrunk(maps: Maps, side: int) -> Maps:
    """Maps averaged down to at most `side` × `side`, by whole blocks; small ones as they are."""
    blocks = [ceil(length / side) for length in maps.shape[1:]]
    for axis, block in zip((1, 2), blocks, strict=True):
        if block > 1:
            starts = np.arange(0, maps.shape[axis], block)
            counts = np.diff([*starts, maps.shape[axis]])
            shape = (1, -1, 1) if axis == 1 else (1, 1, -1)
            sums = np.add.reduceat(maps, starts, axis=axis)
            maps = (sums / counts.reshape(shape)).astype(np.float32)
    return maps


@dataclass(frozen=True)
class Mosaic:
    """All channels in one PNG, in reading order, without gaps: the browser cuts them apart."""

    png: bytes
    columns: int
    tile: tuple[int, int]  # height and width of one map in the PNG
    shrunk: bool  # whether neighbouring numbers were averaged


def side_for(channels: int) -> int:
    """The longest side at which so many maps still make one small picture."""
    return max(1, min(MOST_SIDE, int(sqrt(MOST_PIXELS / max(channels, 1)))))


def mosaic(maps: Maps, spanned: Span) -> Mosaic:
    """Every channel of (C, H, W), coloured. C is at least 1."""
    small = shrunk(maps, side_for(len(maps)))
    count, height, width = small.shape
    columns = min(count, max(1, ceil(sqrt(count * height / width))))
    png = picture(laid_out(indices(small, spanned), columns), signed=spanned.signed)
    return Mosaic(png, columns, (height, width), small.shape != maps.shape)


def laid_out(tiles: Bytes, columns: int) -> Bytes:
    """(C, H, W) in reading order as one sheet; places without a tile hold no number."""
    count, height, width = tiles.shape
    rows = ceil(count / columns)
    whole = np.pad(tiles, ((0, rows * columns - count), (0, 0), (0, 0)), constant_values=NONE)
    lines = whole.reshape(rows, columns, height, width).swapaxes(1, 2)
    return lines.reshape(rows * height, columns * width)


def thumbnail(maps: Maps, low: float, high: float, *, side: int = 72, gap: int = 2) -> bytes:
    """A few maps as one square PNG of about `side` pixels, for a strip of many layers.

    `low` and `high` are the least and largest number of the layer; signed if `low` is negative.
    """
    columns = ceil(sqrt(len(maps)))
    room = max(1, (side + gap) // columns - gap)
    lows, highs = (np.full(len(maps), end, np.float32) for end in (low, high))
    tiles = indices(shrunk(maps, room), span(lows, highs, "channel", signed=low < 0))
    times = max(1, room // max(tiles.shape[1:]))
    tiles = tiles.repeat(times, axis=1).repeat(times, axis=2)
    tiles = np.pad(tiles, ((0, 0), (0, gap), (0, gap)), constant_values=NONE)
    return picture(laid_out(tiles, columns)[:-gap, :-gap], signed=low < 0, see_through=True)


def sheet(tiles: Maps, most: float, *, gap: int = 1) -> tuple[bytes, tuple[int, int]]:
    """Signed numbers (C, H, W) from −`most` to `most` as tiles; a PNG, its height and width.

    One number is one pixel, and so is the gap between two tiles.
    """
    ends = np.full(len(tiles), most, np.float32)
    drawn = indices(tiles, Span(-ends, ends, signed=True))
    drawn = np.pad(drawn, ((0, 0), (0, gap), (0, gap)), constant_values=NONE)
    height, width = drawn.shape[1:]
    columns = min(len(tiles), ceil(sqrt(2 * len(tiles) * height / width)))  # a broad sheet
    laid = laid_out(drawn, columns)[:-gap, :-gap]
    return picture(laid, signed=True, see_through=True), (laid.shape[0], laid.shape[1])


def picture(places: Bytes, *, signed: bool, see_through: bool = False) -> bytes:
    """Places on the colour map (H, W) as a PNG of 256 colours; what is no number grey or open."""
    drawn = Image.fromarray(places)
    drawn.putpalette(colours(signed=signed).tobytes())
    return _png(drawn, **({"transparency": NONE} if see_through else {}))


def _png(drawn: Image.Image, **extras: int) -> bytes:
    file = io.BytesIO()
    # Level 1 makes twice the bytes of 6 in a fifth of the time.
    drawn.save(file, "PNG", compress_level=1, **extras)
    return file.getvalue()


def photograph(pixels: Bytes, side: int = 0) -> bytes:
    """A picture (1 or 3, H, W) as a PNG; its longer side of `side` pixels, if that is given.

    Small ones keep their cells: they grow by whole pixels.
    """
    drawn = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    longer = max(drawn.size)
    if side and longer <= side:
        drawn = drawn.resize([length * (side // longer) for length in drawn.size], NEAREST)
    elif side:
        drawn.thumbnail((side, side))
    return _png(drawn)
