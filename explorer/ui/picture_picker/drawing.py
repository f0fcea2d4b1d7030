"""A picture drawn by the visitor, in a grid of 28 × 28 cells (`drawing.js`).

In a link it is a short text: 16 levels of grey for each cell, packed. What comes back from the
browser is `drawn` {"cells"}: a byte for each cell, in base64.
"""

import binascii
import zlib
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path

from explorer.base.language import _
from explorer.data import pictures
from explorer.data.pictures import DRAWING, Picture
from explorer.ui.boards.component import Component, sent

GRID = Component(Path(__file__).with_suffix(".js"), "drawing")
CELLS = DRAWING * DRAWING
LONGEST = 700  # characters in a link; 16 levels of noise take 523


def spell(cells: bytes) -> str:
    """A drawing (a byte for each cell) as a text for a link."""
    levels = [round(cell / 17) for cell in cells]
    packed = bytes(16 * a + b for a, b in zip(levels[::2], levels[1::2], strict=True))
    return urlsafe_b64encode(zlib.compress(packed, 9)).decode("ascii").rstrip("=")


def read(text: str) -> bytes:
    """The way back.

    Raises:
        ValueError: a text that no drawing has.
    """
    try:
        packed = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) <= LONGEST else b""
        pairs = zlib.decompressobj().decompress(packed, CELLS)  # never more than a drawing has
    except (ValueError, zlib.error, binascii.Error):
        pairs = b""
    cells = bytes(17 * level for pair in pairs for level in divmod(pair, 16))
    if len(cells) != CELLS:
        raise ValueError(_("The link's drawing cannot be read; it was cut short. Draw it again."))
    return cells


def picture(cells: bytes) -> Picture:
    """A drawing as a picture."""
    numbers = [cell / 255 for cell in cells]
    rows = [numbers[at : at + DRAWING] for at in range(0, CELLS, DRAWING)]
    return pictures.from_drawing(rows)


def grid(cells: bytes, *, key: str, on_draw: Callable[[bytes], None]) -> None:
    """Show the grid; `on_draw` gets what was drawn, before the page runs again."""
    GRID(
        key=key,
        data={
            "side": DRAWING,
            "cells": b64encode(cells).decode("ascii") if any(cells) else "",
            "labels": {
                "grid": _("Draw here; arrow keys move, the space bar draws"),
                "erase": _("Eraser"),
                "clear": _("Clear"),
                "hint": _("White on black, as the pictures that the networks learned from."),
            },
        },
        on_drawn_change=partial(_drawn, key, on_draw),
    )


def _drawn(key: str, on_draw: Callable[[bytes], None]) -> None:
    value = sent(key, "drawn") or {}
    try:
        cells = b64decode(value["cells"], validate=True)
    except (KeyError, TypeError, ValueError):
        return  # not sent by our grid
    if len(cells) == CELLS:
        on_draw(cells)
