"""The picture on the home page: one real convolution, from a picture to what a kernel finds.

The numbers are computed here; `assets/hero.js` draws them and lets the reader move the window.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from explorer.language import _

Grid = npt.NDArray[np.float64]

ASSETS = Path(__file__).parent / "assets"
STYLE = (ASSETS / "hero.css").read_text(encoding="utf-8")
SCRIPT = (ASSETS / "hero.js").read_text(encoding="utf-8")

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
KERNEL = np.array([[1.0, 0.0, -1.0]] * 3)  # bright on its left, dark on its right: an edge


def picture() -> Grid:
    """The boot as brightness from 0 to 1, (14, 14)."""
    return np.array([[int(digit) / 9 for digit in row] for row in BOOT.split()])


def cross_correlate(image: Grid, kernel: Grid) -> Grid:
    """What the kernel finds at every place where it fits, (H − kH + 1, W − kW + 1)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    found: Grid = (windows * kernel).sum(axis=(2, 3))
    return found


def max_pool(image: Grid) -> Grid:
    """The largest of every 2 × 2 square; the sides must be even."""
    high, wide = image.shape
    largest: Grid = image.reshape(high // 2, 2, wide // 2, 2).max(axis=(1, 3))
    return largest


def show() -> None:
    """Draw the convolution; pointing at it (or arrow keys) moves the kernel's window."""
    image = picture()
    found = cross_correlate(image, KERNEL)
    component = st.components.v2.component("convscope_hero", css=STYLE, js=SCRIPT)
    component(
        key="hero",
        data={
            "picture": image.round(3).tolist(),
            "kernel": KERNEL.tolist(),
            "found": found.round(3).tolist(),
            "pooled": max_pool(found).round(3).tolist(),
            "names": [_("picture"), _("kernel"), _("feature map"), _("max-pooled")],
            "hint": _("Point at the picture or the feature map: the kernel follows."),
            "meaning": _(
                "A picture of a boot, a 3 by 3 kernel that finds vertical edges, the feature map "
                "that it makes, and that map max-pooled. The arrow keys move the kernel."
            ),
        },
    )
