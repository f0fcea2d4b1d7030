"""Widgets bound to the address, each with a default that a prompt can overrule.

The default is the widget's own (`value=`), so the address leaves out exactly what a link without
it would show. Streamlit keeps the address up to date, but for one case: a prompt that sets a
widget which is not on the page yet (on another tab); `_announce` writes that value there.
"""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException


def _announce(key: str, default: object) -> None:
    """Put a value that was set from elsewhere into the address, before its widget is drawn."""
    value = st.session_state.get(key, default)
    if value != default and key not in st.query_params:
        spelled = str(value).lower() if isinstance(value, bool) else str(value)
        with suppress(StreamlitAPIException):  # the widget is on the page and does so by itself
            st.query_params[key] = spelled


def slider(label: str, key: str, default: int, least: int, most: int) -> int:
    """A whole number by sliding."""
    _announce(key, default)
    return int(st.slider(label, least, most, default, key=key, bind="query-params"))


def number(label: str, key: str, default: int, least: int, most: int) -> int:
    """A whole number by typing or stepping."""
    _announce(key, default)
    return int(
        st.number_input(label, least, most, default, key=key, bind="query-params", width=130)
    )


def toggle(label: str, key: str, *, default: bool) -> bool:
    """On or off."""
    _announce(key, default)
    return bool(st.toggle(label, default, key=key, bind="query-params"))


def text(label: str, key: str, default: str, help_: str) -> str:
    """A line of text."""
    _announce(key, default)
    return st.text_input(label, default, key=key, bind="query-params", help=help_) or ""


def select(label: str, key: str, names: Sequence[str], default: str) -> str:
    """One of several names, from a list."""
    _announce(key, default)
    index = list(names).index(default)
    return st.selectbox(label, names, index, key=key, bind="query-params", width=220)


def one_of(label: str, key: str, numbers: Sequence[int], default: int) -> int:
    """One of a few numbers, by buttons in a row."""
    _announce(key, default)
    chosen = st.segmented_control(
        label, numbers, default=default, key=key, bind="query-params", required=True
    )
    return int(chosen or default)
