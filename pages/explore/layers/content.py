"""What the layer board shows of a network, made once for all visitors of this process."""

import json
from dataclasses import dataclass

import streamlit as st

from explorer.base.inputs import InputSize
from explorer.networks import NetworkSpec
from explorer.ui.cached import measure
from pages.explore.layers import board_data, board_view


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
    return Kept(text, board_view.names(rows), tuple(board_view.first_open(rows)))
