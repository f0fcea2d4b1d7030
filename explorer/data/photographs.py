"""Real pictures as numbers: two photographs and the handwritten digits, and a visitor's own.

They lie in scikit-learn's package as files. They are read from there without importing it, which
would take every server start two seconds for four pictures; a test compares them with what its
own functions load.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from explorer.base.tasks import UNKNOWN, Client, Output, Task
from explorer.data.decoding import pools

Photograph = npt.NDArray[np.float64]  # (H, W), brightness from 0 to 1

NAMES = ("china", "flower")
SIDE = 480  # pixels of the longer side: what a page shows, and quick to convolve


@cache  # not looked for while another thread changes `sys.path`: it would not be found
def data_folder() -> Path:
    """Where scikit-learn keeps what comes with it."""
    spec = find_spec("sklearn")
    assert spec is not None, "scikit-learn is required"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets"


def opened(name: str) -> Image.Image:
    """One of the two photographs, as it lies in its file; to be closed."""
    return Image.open(data_folder() / "images" / f"{name}.jpg")


@cache
def photograph(name: Literal["china", "flower"], side: int = SIDE) -> Photograph:
    """One of the two photographs, grey, its longer side `side` pixels; do not write into it."""
    with opened(name) as picture:
        small = picture.convert("L")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    values: Photograph = np.asarray(small, dtype=np.float64) / 255
    values.flags.writeable = False
    return values


def digits_file() -> Path:
    """The UCI set's handwritten digits, one a row: 64 cells, then the class."""
    return data_folder() / "data" / "digits.csv.gz"


@cache
def digit(number: int) -> npt.NDArray[np.int64]:
    """Handwritten digit `number` (0 to 1796) of the UCI set, (8, 8), ink from 0 to 16."""
    row = np.loadtxt(digits_file(), delimiter=",", skiprows=number, max_rows=1)
    values: npt.NDArray[np.int64] = row[:-1].astype(np.int64).reshape(8, 8)
    return values


@cache
def patch(name: Literal["china", "flower"], side: int, levels: int = 9) -> npt.NDArray[np.int64]:
    """The middle of a photograph in few numbers: (side, side), brightness from 0 to `levels`."""
    whole = photograph(name)
    short = min(whole.shape)
    top, left = ((size - short) // 2 for size in whole.shape)
    square = Image.fromarray((whole[top : top + short, left : left + short] * 255).astype(np.uint8))
    small = np.asarray(square.resize((side, side), Image.Resampling.BOX), dtype=np.float64)
    cells: npt.NDArray[np.int64]
    cells = np.rint((small - small.min()) / np.ptp(small) * levels).astype(np.int64)
    return cells


def start_upload(content: bytes, side: int = SIDE, client: Client = UNKNOWN) -> Task[Photograph]:
    """Begin to read this client's PNG or JPEG, grey and shrunk to `side` pixels.

    Raises:
        Refused: a sentence for the visitor: the file is too large, or too many are being read.
    """
    return pools.start_picture(content, side, _grey, client)


def _grey(output: Output) -> Photograph:
    (pixels,) = output.arrays
    values: Photograph = np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.float64) / 255
    return values
