"""The layer board: a network's picture, its layer table and the arithmetic behind both, linked.

Everything a reader does on the board (choose, fold, zoom, read a formula) happens in the browser
(`board.js` and its parts). Python supplies every word and every formatted number; the browser only
draws. What comes back, a moment after the reader stops, is which row is chosen and which blocks
are open, so that a link can carry it.

The browser takes `view` from the data only when `key` changes; otherwise the reader's own choice
stands, and a rerun with the same data repaints nothing. Elements to wait for in a test:
`[data-board-painted="<key>"]` (table drawn) and `[data-board-graph="<key>"]` (picture drawn).
"""

from dataclasses import dataclass
from pathlib import Path

from explorer.base.language import _
from explorer.ui.boards.component import FAMILIES, Component
from pages.explore.layers.board_types import Board, Open

BOARD = Component(Path(__file__).with_suffix(".js"), "board", styles=(FAMILIES,))


@dataclass(frozen=True)
class BoardView:
    """What the reader has chosen: a row's id, and the unfolded blocks."""

    selected: int | None
    open: Open


def board_labels() -> dict[str, str]:
    """The board's own words, in the reader's language."""
    families = {
        "input": _("input"),
        "convolution": _("convolution"),
        "linear": _("fully connected"),
        "attention": _("attention"),
        "pooling": _("pooling"),
        "normalisation": _("normalisation"),
        "activation": _("activation"),
        "merge": _("merge"),
        "reshape": _("reshape"),
        "dropout": _("dropout"),
        "other": _("other"),
        "block": _("block"),
    }
    return {
        "graph": _("The network"),
        "table": _("Layers"),
        "why": _("Why this number?"),
        "choose": _("Choose a layer to see the arithmetic behind its numbers."),
        "no_why": _("Nothing to work out for this layer."),
        "fold": _("Fold"),
        "unfold": _("Unfold"),
        "fold_all": _("Fold all"),
        "unfold_all": _("Unfold all"),
        "fit": _("Fit"),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "download_svg": _("Graph (SVG)"),
        "drag_hint": _("Drag to move, Ctrl and wheel to zoom, double-click a block to unfold it."),
        "failed": _("does not fit"),
        "unused": _("not used"),
        "none": _("–"),
        "broken": _("The picture could not be loaded. Reload the page."),
        **{f"family_{family}": word for family, word in families.items()},
    }


def layer_board(data: Board, *, key: str) -> BoardView:
    """Show the board and say what the reader has chosen on it.

    `key` is the widget's, constant over networks; `data["key"]` changes with what is shown.
    """
    result = BOARD(key=key, data=data, on_view_change=lambda: None)
    view = result.view
    if not view or view.get("key") != data["key"]:  # nothing done yet on this network
        return BoardView(data["view"]["selected"], data["view"]["open"])
    return BoardView(view["selected"], view["open"])
