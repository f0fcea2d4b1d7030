"""The picture on the home page: one real convolution, from a picture to what a kernel finds.

The numbers are computed here; `hero.js` draws them and lets the reader move the window.
"""

from pathlib import Path

import torch
from torch import Tensor

from explorer.base.language import _
from explorer.networks import ops
from explorer.ui.boards.component import Component

HERO = Component(Path(__file__).with_suffix(".js"), "hero")

# An ankle boot, 14 × 14, brightness 0 to 9.
BOOT = """
00000000000000
00006888860000
00007999970000
00006777760000
00007999980000
00007998980000
00008999970000
00008999998000
00057999999850
00699989999997
00799999999998
07777777777778
05555555555555
00000000000000
"""
KERNEL = torch.tensor([[1.0, 0.0, -1.0]] * 3)  # bright on its left, dark on its right: an edge


def picture() -> Tensor:
    """The boot as brightness from 0 to 1, (14, 14)."""
    return torch.tensor([[int(digit) / 9 for digit in row] for row in BOOT.split()])


def _rows(grid: Tensor) -> list[list[float]]:
    return [[round(value, 3) for value in row] for row in grid.tolist()]


def show() -> None:
    """Draw the convolution; pointing at it (or arrow keys) moves the kernel's window."""
    image = picture()
    edges = ops.corr2d(image, KERNEL)
    HERO(
        key="hero",
        data={
            "picture": _rows(image),
            "kernel": _rows(KERNEL),
            "found": _rows(edges),
            "pooled": _rows(ops.pool2d(edges, 2)),
            "names": [_("picture"), _("kernel"), _("feature map"), _("max-pooled")],
            "hint": _("Point at the picture or the feature map: the kernel follows."),
            "meaning": _(
                "A picture of a boot, a 3 by 3 kernel that finds vertical edges, the feature map "
                "that it makes, and that map max-pooled. The arrow keys move the kernel."
            ),
        },
    )
