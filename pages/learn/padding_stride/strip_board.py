"""Windows on a strip (one axis) or a plane (two axes): what each reads, and what none reads.

Moving over the picture, playing, stepping and scrubbing happen in the browser
(`strip_board.js`), which draws what it is given: every number and word is made in
`strip_words`. What comes back, a moment after the reader stops, is the window that he chose, for
the link. The element to wait for in a test: `[data-strip-painted="<key>"]`.
"""

from pathlib import Path
from typing import Any

from explorer.base.language import _
from explorer.ui.boards.component import Component

BOARD = Component(Path(__file__).with_suffix(".js"), "strips")
Data = dict[str, Any]


def show(data: Data, *, key: str, at: int) -> int:
    """Draw `data`; the number of the chosen window, at first `at`. `key` is the widget's."""
    shown = {**data, "at": at, "words": _words()}
    result = BOARD(key=key, data=shown, on_at_change=lambda: None)
    chosen = result.at
    if not chosen or chosen.get("key") != data["key"]:
        return at
    return int(chosen["at"])


def _words() -> dict[str, str]:
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "back": _("One window back"),
        "step": _("One window on"),
        "scrub": _("Window"),
        "hint": _("Point at a cell. The arrow keys move the window, the space bar plays."),
    }
