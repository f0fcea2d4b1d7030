"""Windows on a strip (one axis) or a plane (two axes): what each reads, and what none reads.

Moving over the picture, playing, stepping and scrubbing happen in the browser
(`strip_board.js`), which draws what it is given: every number and word is made in
`strip_words`. What comes back, a moment after the reader stops, is the window that he chose, for
the link. The element to wait for in a test: `[data-strip-painted="<key>"]`.
"""

import re
from pathlib import Path
from typing import Any

from explorer.base.language import _
from explorer.ui.boards.component import Component
from pages.learn.padding_stride.state import STATE

BOARD = Component(Path(__file__).with_suffix(".js"), "strips")
Data = dict[str, Any]


def show(data: Data, name: str) -> None:
    """Draw `data`; the window chosen on it goes into the address as `name`, counted from 1."""
    STATE.forget_if_new(name, data["key"])
    number = STATE.query(name) or "1"
    at = max(int(number) - 1, 0) if re.fullmatch(r"\d{1,4}", number) else 0
    words = {
        "play": _("Play"),
        "pause": _("Pause"),
        "back": _("One window back"),
        "step": _("One window on"),
        "scrub": _("Window"),
        "hint": _("Point at a cell. The arrow keys move the window, the space bar plays."),
    }
    shown = {**data, "at": at, "words": words}
    chosen = BOARD(key=f"{name}_board", data=shown, on_at_change=lambda: None).at
    if chosen and chosen.get("key") == data["key"]:
        at = int(chosen["at"])
    STATE.put(name, at + 1, 1)
