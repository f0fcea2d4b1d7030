"""Results kept for all visitors of this process, by the plain values that they follow from."""

import streamlit as st

from explorer.analysis import memory, summary
from explorer.analysis.memory import TrainingMemory
from explorer.analysis.summary import Summary
from explorer.base.inputs import InputSize
from explorer.networks import NetworkSpec, pytorch_code


# Records are frozen, so every visitor may read the same one. A large network's has some 1 500
# layers with their shapes (a few MB); a class looks at a handful of networks at a time.
@st.cache_resource(max_entries=32, show_spinner=False)
def measure(spec: NetworkSpec, size: InputSize, batch: int = 1) -> Summary:
    """`summary.measure`, kept."""
    return summary.measure(spec, size, batch)


@st.cache_resource(max_entries=256, show_spinner=False)
def training_memory(
    spec: NetworkSpec, size: InputSize, batch: int, optimizer: str
) -> TrainingMemory:
    """`memory.training_memory`, kept."""
    return memory.training_memory(spec, size, batch, optimizer)


@st.cache_data(max_entries=128, show_spinner=False)
def pytorch(spec: NetworkSpec, size: InputSize, batch: int) -> str:
    """`pytorch_code.pytorch`, kept."""
    return pytorch_code.pytorch(spec, size, batch)
