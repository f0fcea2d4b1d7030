"""What a network has learned so far, small enough to be sent every second: kernels and answers."""

import io
from base64 import b64encode
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

MOST_CELLS = 24_000  # weights that are sent: 32 kB
TOLD = 3  # the likeliest classes
MOST_SIDE = 96  # pixels of a picture that is sent

Floats = npt.NDArray[np.float32]


class Kernels(TypedDict):
    """Kernels of a convolution for a drawing: `cells` are int8 in base64, 127 means `scale`."""

    shape: list[int]  # (K, C, h, w) of those sent
    total: int  # kernels that there are
    scale: float  # the largest weight of those sent, without its sign
    cells: str


def kernels(weights: Floats | None) -> Kernels | None:
    """Weights (K, C, h, w) in a form of which 24 000 take 32 kB; None if there are none.

    Values are rounded to 1/127 of the largest. Whole kernels are left out where all are too many.
    """
    if weights is None:
        return None
    fitting = max(1, MOST_CELLS // max(int(np.prod(weights.shape[1:])), 1))
    sent = weights[:fitting]
    scale = float(np.abs(sent).max()) if np.isfinite(sent).all() else 0.0
    cells = np.round(sent / (scale or 1.0) * 127) if scale else np.zeros_like(sent)
    return Kernels(
        shape=list(sent.shape),
        total=len(weights),
        scale=float(f"{scale:.4g}"),
        cells=b64encode(cells.astype(np.int8).tobytes()).decode("ascii"),
    )


def likeliest(probabilities: Floats) -> list[list[tuple[int, float]]]:
    """For each picture (N, classes) its likeliest classes and their probabilities, best first.

    A network that has diverged answers NaN; that counts as 0.
    """
    probabilities = np.nan_to_num(probabilities)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOLD]
    return [
        [(int(each), round(float(row[each]), 3)) for each in best]
        for row, best in zip(probabilities, order, strict=True)
    ]


def picture(pixels: Tensor) -> str:
    """A picture (C, H, W) of uint8 as the address of a PNG that holds it; C is 1 or 3."""
    array = pixels.permute(1, 2, 0).to(torch.uint8).numpy()
    image = Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array[:, :, :3])
    if max(image.size) > MOST_SIDE:
        image.thumbnail((MOST_SIDE, MOST_SIDE))
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + b64encode(file.getvalue()).decode("ascii")
