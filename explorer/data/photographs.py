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

from explorer.base.tasks import UNKNOWN, Client, Output, Task, Work
from explorer.data.decoding import pools
from explorer.data.decoding.pictures import check_bytes

Photograph = npt.NDArray[np.float64]  # (H, W), brightness from 0 to 1

NAMES = ("china", "flower")
SIDE = 480  # pixels of the longer side: what a page shows, and quick to convolve


def _data_folder() -> Path:
    spec = find_spec("sklearn")
    assert spec is not None, "scikit-learn is required"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets"


def _shrunk(picture: Image.Image, side: int) -> Photograph:
    small = picture.convert("L")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(small, dtype=np.float64) / 255


@cache
def photograph(name: Literal["china", "flower"], side: int = SIDE) -> Photograph:
    """One of the two photographs, grey, its longer side `side` pixels; do not write into it."""
    with Image.open(_data_folder() / "images" / f"{name}.jpg") as picture:
        values = _shrunk(picture, side)
    values.flags.writeable = False
    return values


@cache
def digit(number: int) -> npt.NDArray[np.int64]:
    """Handwritten digit `number` (0 to 1796) of the UCI set, (8, 8), ink from 0 to 16."""
    path = _data_folder() / "data" / "digits.csv.gz"
    row = np.loadtxt(path, delimiter=",", skiprows=number, max_rows=1)
    values: npt.NDArray[np.int64] = row[:-1].astype(np.int64).reshape(8, 8)  # last: the class
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
    check_bytes(content)
    work = Work("explorer.data.decoding.pictures:decode", pools.PICTURE, content, {"side": side})
    return pools.PICTURES.start(work, _grey, client)


def read_upload(content: bytes, side: int = SIDE) -> Photograph:
    """The same, once it is read.

    Raises:
        Refused: a sentence for the visitor: too large, too small, or no such picture.
    """
    return start_upload(content, side).result()


def _grey(output: Output) -> Photograph:
    (pixels,) = output.arrays
    values: Photograph = np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.float64) / 255
    return values
