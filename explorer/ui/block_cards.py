"""Blocks side by side: the picture of what ran, shapes and sums; all of it drawn in the browser.

Element to wait for in a test: `[data-blocks-painted="<key>"]`.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import streamlit as st

from explorer.figures.block_cards import Card
from explorer.language import _
from explorer.ui.grids import ASSETS, loader


@cache
def _component() -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    return st.components.v2.component(
        "convscope_blocks",
        html='<div class="blocks"></div>',
        css=(ASSETS / "blocks.css").read_text(encoding="utf-8"),
        js=loader("blocks.js", ".blocks"),
    )


def block_cards(cards: Sequence[Card], *, key: str) -> None:
    """Show the cards in one row (on a phone, in two columns)."""
    labels = {
        "hint": _("Point at an operation, or go to it with Tab and the arrow keys."),
        "picture": _("What runs in {name}, from top to bottom"),
        "broken": _("The picture could not be loaded. Reload the page."),
    }
    _component()(key=key, data={"key": key, "cards": list(cards), "labels": labels})
