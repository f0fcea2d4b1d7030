"""Blocks side by side: the picture of what ran, shapes and sums; all of it drawn in the browser.

Element to wait for in a test: `[data-blocks-painted="<key>"]`.
"""

from collections.abc import Sequence
from pathlib import Path

from explorer.base.language import _
from explorer.ui.boards.component import FAMILIES, Component
from pages.learn.blocks.drawing import Card

BLOCKS = Component(Path(__file__).with_suffix(".js"), "blocks", styles=(FAMILIES,))


def block_cards(cards: Sequence[Card], *, key: str) -> None:
    """Show the cards in one row (on a phone, in two columns)."""
    labels = {
        "hint": _("Point at an operation, or go to it with Tab and the arrow keys."),
        "picture": _("What runs in {name}, from top to bottom"),
    }
    BLOCKS(key=key, data={"key": key, "cards": list(cards), "labels": labels})
