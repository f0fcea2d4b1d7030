"""The layer board: a network's picture, its layer table and the arithmetic behind both, linked.

Everything a reader does on the board (choose, fold, zoom, read a formula) happens in the browser
(`assets/board*.js`). Python supplies every word and every formatted number; the browser only
draws. What comes back, a moment after the reader stops, is which row is chosen and which blocks
are open, so that a link can carry it.

The browser takes `view` from the data only when `key` changes; otherwise the reader's own choice
stands, and a rerun with the same data repaints nothing. Elements to wait for in a test:
`[data-board-painted="<key>"]` (table drawn) and `[data-board-graph="<key>"]` (picture drawn).
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.figures.board_types import Board, Open
from explorer.language import _

ASSETS = Path(__file__).parent / "assets"


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


def _modules() -> list[Path]:
    return sorted(ASSETS.glob("board*.js"))


def _loader(base_path: str) -> str:
    """The script handed to Streamlit, which runs it from a blob: it imports the real modules
    from the application's own /assets, and passes on the latest call once they are there."""
    version = sha256(b"".join(path.read_bytes() for path in _modules())).hexdigest()[:12]
    path = "/".join(["", *filter(None, [base_path.strip("/")]), "assets", "board.js"])
    return f"""
const address = new URL("{path}?v={version}", location.origin).href
let draw = null
const loading = import(address).then(module => (draw = module.default))
const latest = new WeakMap()

export default function (component) {{
  const root = component.parentElement
  latest.set(root, component)
  if (draw) return draw(component)
  let leave = null
  let left = false
  loading
    .then(() => {{ if (!left && latest.get(root) === component) leave = draw(component) }})
    .catch(error => {{
      console.error(error)
      root.querySelector(".board").textContent = component.data.labels.broken
    }})
  return () => {{ left = true; leave?.() }}
}}
"""


@cache
def _component() -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    return st.components.v2.component(
        "convscope_layer_board",
        html='<div class="board"></div>',
        css=(ASSETS / "board.css").read_text(encoding="utf-8"),
        js=_loader(str(st.get_option("server.baseUrlPath") or "")),
    )


def layer_board(data: Board, *, key: str) -> BoardView:
    """Show the board and say what the reader has chosen on it.

    `key` is the widget's, constant over networks; `data["key"]` changes with what is shown.
    """
    result = _component()(key=key, data=data, on_view_change=lambda: None)
    view = result.view
    if not view or view.get("key") != data["key"]:  # nothing done yet on this network
        return BoardView(data["view"]["selected"], data["view"]["open"])
    return BoardView(view["selected"], view["open"])
