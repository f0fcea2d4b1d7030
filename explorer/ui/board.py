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
from typing import Any, Literal, NotRequired, TypedDict

import streamlit as st

from explorer.language import _

ASSETS = Path(__file__).parent / "assets"

Family = Literal[
    "input",
    "convolution",
    "linear",
    "attention",
    "pooling",
    "normalisation",
    "activation",
    "merge",
    "reshape",
    "dropout",
    "other",
    "block",
]


class Column(TypedDict):
    """One column of the table. `name`, `type`, `settings`, `input`, `output` read the row's field
    of that name; any other key reads `row["cells"][key]`."""

    key: str
    label: str
    help: NotRequired[str]
    numeric: NotRequired[bool]  # right-aligned, tabular figures
    bars: NotRequired[bool]  # a bar under the number: the row's share of the total


class Cell(TypedDict):
    text: str  # as read: "11.7 k"
    exact: NotRequired[str]  # on hover: "11 712"
    share: NotRequired[float]  # 0…1


class Formula(TypedDict):
    """One number explained."""

    title: str
    lines: list[str]  # "54 = ⌊(224 − 11 + 2·1) / 4⌋ + 1"
    note: NotRequired[str]
    column: NotRequired[str]  # pointing at that column's cell lights this formula up, and back


class Row(TypedDict):
    """One layer or block. Rows come in pre-order: a block, then its members in running order."""

    id: int
    parent: int | None
    depth: int
    group: bool
    name: str
    type: str
    family: Family
    symbol: str  # what a merge shows in the picture: "+", "cat", "×"; otherwise ""
    settings: str
    input: str
    output: str
    shape: list[int]  # of the output, without the batch: [C, H, W], [tokens, C] or [features]
    cells: dict[str, Cell | None]  # missing or None reads "–"
    why: list[Formula]
    status: Literal["ok", "failed", "unused"]
    note: str


class View(TypedDict):
    selected: int | None
    open: Literal["none", "all"] | list[int]  # the unfolded blocks


class Board(TypedDict):
    """All that the board shows. `key` names it: a new key starts from `view` anew."""

    key: str
    title: str
    columns: list[Column]
    rows: list[Row]
    edges: list[tuple[int, int]]  # between rows that are no blocks; the input image is a row too
    labels: dict[str, str]  # board_labels()
    view: View


@dataclass(frozen=True)
class BoardView:
    """What the reader has chosen: a row's id, and the unfolded blocks."""

    selected: int | None
    open: Literal["none", "all"] | list[int]


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
