"""What the layer board shows of a network, made once for all visitors of this process; which row is
chosen and which blocks are open: at first, and in the address.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.analysis.summary import measure
from explorer.base.inputs import InputSize
from explorer.networks import NetworkSpec
from pages.explore.layers import board_data
from pages.explore.layers.board_types import Open, Row, View

FEW = 6  # with fewer layers in sight, the largest block is opened
NEARLY_ALL = 0.8  # of the operations: a block that holds them says nothing while it is closed
LARGE = 0.3


@dataclass(frozen=True)
class Kept:
    """A board's content as one JSON text: garbage collection, after every click, sees one object
    instead of the tens of thousands of a large table."""

    text: str
    names: dict[int, str]  # row id → its name in the address
    first: tuple[int, ...]  # the blocks that are open at first


@st.cache_resource(max_entries=32, show_spinner=False)
def content(spec: NetworkSpec, size: InputSize, batch: int, language: str) -> Kept:
    """The layer board's content in one language (`language` is the one of this run), kept."""
    found = board_data.board(measure(spec, size, batch), spec.architecture.title)
    rows = found["rows"]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return Kept(text, names(rows), tuple(first_open(rows)))


def names(rows: Sequence[Row]) -> dict[int, str]:
    """Row id → its name in the address; a name that comes again is numbered: "features~2"."""
    seen: Counter[str] = Counter()
    spelled = {}
    for row in rows:
        name = row["full_name"]
        seen[name] += 1
        spelled[row["id"]] = name if seen[name] == 1 else f"{name}~{seen[name]}"
    return spelled


def _sizes(rows: Sequence[Row]) -> Counter[int]:
    """Block id → how many operations are in it."""
    parents = {row["id"]: row["parent"] for row in rows}
    sizes: Counter[int] = Counter()
    for row in rows:
        above = None if row["group"] else row["parent"]
        while above is not None:
            sizes[above] += 1
            above = parents[above]
    return sizes


def first_open(rows: Sequence[Row]) -> list[int]:
    """The blocks to open at first: those that hide nearly all, until there is something to see."""
    sizes = _sizes(rows)
    total = sum(not row["group"] for row in rows)
    opened: list[int] = []
    while True:
        seen = [row for row in rows if row["parent"] is None or row["parent"] in opened]
        closed = [row["id"] for row in seen if row["group"] and row["id"] not in opened]
        largest = max(closed, key=lambda block: sizes[block], default=None)
        layers = len(seen) - len(opened) - 1  # without the picture
        enough = NEARLY_ALL if layers >= FEW else LARGE
        if largest is None or sizes[largest] < enough * total:
            return sorted(opened)
        opened.append(largest)


def read(address: Mapping[str, str], spelled: Mapping[int, str], first: Collection[int]) -> View:
    """What the address says; blocks that it does not mention are as in the first view."""
    numbers = {name: number for number, name in spelled.items()}
    asked = address.get("open")
    opened: Open = sorted(first)
    if asked in ("all", "none"):
        opened = "all" if asked == "all" else "none"
    elif asked:
        opened = sorted(numbers[name] for name in asked.split(",") if name in numbers)
    return View(selected=numbers.get(address.get("layer", "")), open=opened)


def write_open(opened: Open, spelled: Mapping[int, str], first: Collection[int]) -> str:
    """The open blocks in the address; the first view is left out."""
    listed = opened if isinstance(opened, list) else []
    if opened != "all" and sorted(listed) == sorted(first):
        return ""
    if isinstance(opened, str):
        return opened
    return ",".join(spelled[number] for number in listed if number in spelled) or "none"
