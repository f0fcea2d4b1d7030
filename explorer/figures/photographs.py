"""Arrays as PNG pictures: brightness as grey, signed values in the diverging map."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float64]  # (H, W)

# Signed: blue is negative, white zero, orange positive (the theme's map, white put in its middle).
DIVERGING = (
    "#0b4f8a", "#2a78b8", "#62a4d6", "#a3cbea", "#e3eff8", "#ffffff",
    "#fcebdd", "#f6be8f", "#e98e4a", "#c9641a", "#8f3f07",
)  # fmt: skip
# From zero up: viridis.
SEQUENTIAL = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
    "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip


def _stops(colors: tuple[str, ...]) -> Array:
    return np.array([[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in colors], float)


def colors(values: Array, most: float, *, signed: bool) -> npt.NDArray[np.uint8]:
    """(…) → (…, 3): the colour of each value; the range is −most … most, or 0 … most."""
    stops = _stops(DIVERGING if signed else SEQUENTIAL)
    share = np.clip(values / (most or 1.0), -1 if signed else 0, 1)
    place = ((share + 1) / 2 if signed else share) * (len(stops) - 1)
    low = np.minimum(place.astype(int), len(stops) - 2)
    part = (place - low)[..., None]
    mixed = stops[low] * (1 - part) + stops[low + 1] * part
    rgb: npt.NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return rgb


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def grey_png(values: Array, most: float = 1.0) -> bytes:
    """Brightness: 0 is black, `most` white, beyond is cut off."""
    return _png(np.rint(np.clip(values / (most or 1.0), 0, 1) * 255).astype(np.uint8))


def signed_png(values: Array, most: float) -> bytes:
    """Blue at −most, white at 0, orange at most, beyond is cut off."""
    return _png(colors(values, most, signed=True))
