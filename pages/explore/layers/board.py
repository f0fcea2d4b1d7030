"""The layer board: a network's picture, its layer table and the arithmetic behind both, linked.

Everything a reader does on the board (choose, fold, zoom, read a formula) happens in the browser
(`board.js` and its parts). Python supplies every word and every formatted number; the browser only
draws. What comes back, a moment after the reader stops, is which row is chosen and which blocks
are open, so that a link can carry it.

The browser takes `view` from the data only when `key` changes; otherwise the reader's own choice
stands, and a rerun with the same data repaints nothing. Elements to wait for in a test:
`[data-board-painted="<key>"]` (table drawn) and `[data-board-graph="<key>"]` (picture drawn).
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

import streamlit as st

from explorer.analysis.summary import measure
from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.networks import NetworkSpec
from explorer.ui.boards.component import FAMILIES, Component
from explorer.ui.entries import entry
from pages.explore.layers import board_data
from pages.explore.layers.board_data import Row

BOARD = Component(Path(__file__).with_suffix(".js"), "board", styles=(FAMILIES,))
FEW = 6  # with fewer layers in sight, the largest block is opened
NEARLY_ALL = 0.8  # of the operations: a block that holds them says nothing while it is closed
LARGE = 0.3

Open = Literal["none", "all"] | list[int]  # the unfolded blocks


class View(TypedDict):
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
        "learn": _("Learn it:"),
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


def layer_board(network: "Snapshot", key: str, file: str, begun: View, *, widget: str) -> View:
    """Show the board and say what the reader has chosen on it.

    `widget` is constant over networks; `key` names what is shown: a new one starts from `begun`
    anew. `file` is what a saved picture is called, without its ending.
    """
    words = board_labels()
    data = {"key": key, "file": file, "labels": words, "view": begun, "content": network.text}
    sent = BOARD(key=widget, data=data, on_view_change=lambda: None, on_learn_change=lambda: None)
    if sent.learn in board_data.learnable():
        st.switch_page(entry(sent.learn).path)
    view = sent.view
    if not view or view.get("key") != key:  # nothing done yet on this network
        return begun
    return View(selected=view["selected"], open=view["open"])


# -- what it shows, and what of it stands in the address ----------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """A board's content as one JSON text: garbage collection, after every click, sees one object
    instead of the tens of thousands of a large table."""

    text: str
    names: dict[int, str]  # row id → its name in the address
    first: tuple[int, ...]  # the blocks that are open at first


@st.cache_resource(max_entries=32, show_spinner=False)
def content(spec: NetworkSpec, size: InputSize, batch: int, language: str) -> Snapshot:
    """The layer board's content in one language (`language` is the one of this run), kept."""
    board = board_data.board(measure(spec, size, batch), spec.architecture.title)
    rows: list[Row] = board["rows"]
    text = json.dumps(board, ensure_ascii=False, separators=(",", ":"), default=vars)
    return Snapshot(text, names(rows), tuple(first_open(rows)))


def names(rows: Sequence[Row]) -> dict[int, str]:
    """Row id → its name in the address; a name that comes again is numbered: "features~2"."""
    repeats: Counter[str] = Counter()
    spelled = {}
    for row in rows:
        name = row.full_name
        repeats[name] += 1
        spelled[row.id] = name if repeats[name] == 1 else f"{name}~{repeats[name]}"
    return spelled


def _sizes(rows: Sequence[Row]) -> Counter[int]:
    """Block id → how many operations are in it."""
    parents = {row.id: row.parent for row in rows}
    sizes: Counter[int] = Counter()
    for row in rows:
        above = None if row.group else row.parent
        while above is not None:
            sizes[above] += 1
            above = parents[above]
    return sizes


def first_open(rows: Sequence[Row]) -> list[int]:
    """The blocks to open at first: those that hide nearly all, until there is something to see."""
    sizes = _sizes(rows)
    total = sum(not row.group for row in rows)
    opened: list[int] = []
    while True:
        visible = [row for row in rows if row.parent is None or row.parent in opened]
        closed = [row.id for row in visible if row.group and row.id not in opened]
        largest = max(closed, key=lambda block: sizes[block], default=None)
        layers = len(visible) - len(opened) - 1  # without the picture
        enough = NEARLY_ALL if layers >= FEW else LARGE
        if largest is None or sizes[largest] < enough * total:
            return sorted(opened)
        opened.append(largest)


def read(address: Mapping[str, str], spelled: Mapping[int, str], first: Collection[int]) -> View:
    """What the address says; blocks that it does not mention are as in the first view."""
    numbers = {name: number for number, name in spelled.items()}
    blocks = address.get("open")
    opened: Open = sorted(first)
    if blocks in ("all", "none"):
        opened = "all" if blocks == "all" else "none"
    elif blocks:
        opened = sorted(numbers[name] for name in blocks.split(",") if name in numbers)
    return View(selected=numbers.get(address.get("layer", "")), open=opened)


def write_open(opened: Open, spelled: Mapping[int, str], first: Collection[int]) -> str:
    """The open blocks in the address; the first view is left out."""
    listed = opened if isinstance(opened, list) else []
    if opened != "all" and sorted(listed) == sorted(first):
        return ""
    if isinstance(opened, str):
        return opened
    return ",".join(spelled[number] for number in listed if number in spelled) or "none"
