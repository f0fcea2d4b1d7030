"""Rows of words and numbers as a table."""

from collections.abc import Mapping, Sequence

import streamlit as st

Rows = Sequence[Mapping[str, str]]  # the keys are the header
Columns = Mapping[str, Sequence[str]]


def show_table(content: Rows | Columns) -> None:
    """A plain table, given by its rows or by its columns; its cells may hold Markdown."""
    st.table(content, hide_index=True)
