"""Rows of words and numbers as a table."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import streamlit as st

Rows = Sequence[Mapping[str, str]]  # the keys are the header
Columns = Mapping[str, Sequence[str]]


def show_table(content: Rows | Columns, *, numbers: str = "") -> None:
    """A plain table, given by its rows or by its columns; its cells may hold Markdown.

    `numbers` is the key of a table of nothing but numbers: they stand on the right.
    """
    with st.container(key=f"numbers_{numbers}") if numbers else nullcontext():
        st.table(content, hide_index=True)
