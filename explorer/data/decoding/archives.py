"""A zip or a folder with one folder of pictures per class → all pictures at one size."""

import io
from pathlib import Path

import numpy as np

from explorer.base.tasks import Output, Progress
from explorer.data.decoding.folders import opened
from explorer.data.decoding.resizing import one_size


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
