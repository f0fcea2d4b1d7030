"""Results kept for all visitors of this process, by the plain values that they follow from."""

from collections.abc import Mapping

import streamlit as st

from explorer.analysis import memory, summary
from explorer.analysis.memory import TrainingMemory
from explorer.analysis.summary import Summary
from explorer.base.inputs import Picture
from explorer.networks import pytorch_code
from explorer.networks.registry import Value

Options = tuple[tuple[str, Value], ...]  # sorted pairs: hashable, and one spelling for one choice


def pairs(options: Mapping[str, Value]) -> Options:
    """Options as a key for the functions below."""
    return tuple(sorted(options.items()))


# Records are frozen, so every visitor may read the same one. A large network's has some 1 500
# layers with their shapes (a few MB); a class looks at a handful of networks at a time.
@st.cache_resource(max_entries=32, show_spinner=False)
def measure(name: str, options: Options, picture: Picture, batch: int) -> Summary:
    """`summary.measure`, kept."""
    return summary.measure(name, dict(options), picture, batch)


@st.cache_resource(max_entries=256, show_spinner=False)
def training_memory(
    name: str, options: Options, picture: Picture, batch: int, optimizer: str
) -> TrainingMemory:
    """`memory.training_memory`, kept."""
    return memory.training_memory(name, dict(options), picture, batch, optimizer)


@st.cache_data(max_entries=128, show_spinner=False)
def pytorch(name: str, options: Options, picture: Picture, batch: int) -> str:
    """`pytorch_code.pytorch`, kept."""
    return pytorch_code.pytorch(name, dict(options), picture, batch)
