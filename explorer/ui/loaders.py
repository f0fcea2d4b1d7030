"""Results kept for all visitors of this process, by the plain values that they follow from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from explorer import anatomy, architectures, code, memory
from explorer.anatomy import Anatomy
from explorer.architectures.registry import Value
from explorer.figures import board as figures
from explorer.inputs import Picture
from explorer.memory import TrainingMemory
from explorer.ui import board_view

Options = tuple[tuple[str, Value], ...]  # sorted pairs: hashable, and one spelling for one choice


def pairs(options: Mapping[str, Value]) -> Options:
    """Options as a key for the functions below."""
    return tuple(sorted(options.items()))


@dataclass(frozen=True)
class Kept:
    """A board's content as one JSON text: garbage collection, after every click, sees one object
    instead of the tens of thousands of a large table."""

    text: str
    names: dict[int, str]  # row id → its name in the address
    first: tuple[int, ...]  # the blocks that are open at first


# Records are frozen, so every visitor may read the same one. A large network's has some 1 500
# layers with their shapes (a few MB); a class looks at a handful of networks at a time.
@st.cache_resource(max_entries=32, show_spinner=False)
def measure(name: str, options: Options, picture: Picture, batch: int) -> Anatomy:
    """`anatomy.measure`, kept."""
    return anatomy.measure(name, dict(options), picture, batch)


@st.cache_resource(max_entries=32, show_spinner=False)
def board(name: str, options: Options, picture: Picture, batch: int, language: str) -> Kept:
    """The layer board's content in one language (`language` is the one of this run), kept."""
    found = figures.board(measure(name, options, picture, batch), architectures.get(name).title)
    rows = found["rows"]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return Kept(text, board_view.names(rows), tuple(board_view.first_open(rows)))


@st.cache_resource(max_entries=256, show_spinner=False)
def training_memory(
    name: str, options: Options, picture: Picture, batch: int, optimizer: str
) -> TrainingMemory:
    """`memory.training_memory`, kept."""
    return memory.training_memory(name, dict(options), picture, batch, optimizer)


@st.cache_data(max_entries=128, show_spinner=False)
def pytorch(name: str, options: Options, picture: Picture, batch: int) -> str:
    """`code.pytorch`, kept."""
    return code.pytorch(name, dict(options), picture, batch)
