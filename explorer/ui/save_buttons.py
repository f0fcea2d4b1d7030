"""Buttons that save what is shown as a file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from explorer.base import spreadsheet

Rows = Sequence[Mapping[str, object]]  # of a table, saved as CSV
Content = str | bytes | Rows | Callable[[], str | bytes]  # a callable is asked at the press

TYPES = {
    ".csv": "text/csv",
    ".npy": "application/octet-stream",
    ".png": "image/png",
    ".py": "text/x-python",
    ".txt": "text/plain",
}


def save_button(label: str, content: Content, file: str, key: str | None = None) -> None:
    """A button that saves `content` under the name `file`, whose ending says what it is."""
    if not isinstance(content, str | bytes) and not callable(content):
        content = spreadsheet.records(content)
    st.download_button(
        label, content, file, TYPES[Path(file).suffix], key=key,
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def save_buttons(key: str, *files: tuple[str, Content, str]) -> None:
    """Such buttons in a row: label, content, name of the file."""
    with st.container(horizontal=True, key=key):
        for number, (label, content, file) in enumerate(files):
            save_button(label, content, file, f"{key}_{number}")
