"""What the pages that look inside a network share."""

import io

import numpy as np
import numpy.typing as npt

from explorer.base.language import _


def range_words(scale: str, own: str) -> str:
    """Over what one range of colours spans; `own` says that each part has one of its own."""
    words = {
        "layer": _("one range for this layer"),
        "network": _("one range for the whole network"),
    }
    return words.get(scale, own)


def npy(values: npt.ArrayLike) -> bytes:
    """A file as `numpy.load` reads it."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()
