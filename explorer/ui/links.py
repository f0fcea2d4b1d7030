"""What is chosen on a page, in its address, under names that no language changes.

Widgets whose values are such names themselves are bound to the address by Streamlit
(`bind="query-params"`). The helpers here are for the others: their labels are translated.
"""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer


def put(key: str, value: str, default: str = "") -> None:
    """Keep `value` in the address under `key`; the default is left out."""
    if value in ("", default):
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != value:
        st.query_params[key] = value


def pick_one(key: str, label: str, words: Mapping[str, str]) -> str:
    """One of `words` (name → translated word) by buttons in a row; the first is the default."""
    first = next(iter(words))
    asked = st.query_params.get(key, first)
    chosen = st.segmented_control(
        label,
        list(words),
        default=asked if asked in words else first,
        format_func=words.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    put(key, chosen or first, first)
    return chosen or first


def tabs(key: str, words: Mapping[str, str]) -> Sequence[TabContainer]:
    """One tab for each of `words` (name → translated word); only the open one need be filled."""
    first = next(iter(words))
    asked = st.query_params.get(key, first)
    opened = st.tabs(
        list(words.values()),
        default=words.get(asked, words[first]),
        key=key,
        on_change="rerun",
    )
    put(
        key, next((name for name, tab in zip(words, opened, strict=True) if tab.open), first), first
    )
    return opened
