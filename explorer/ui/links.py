"""What is chosen on a page, in its address, under names that no language changes.

Widgets whose values are such names themselves are bound to the address by Streamlit
(`bind="query-params"`). The helpers here are for the others: their labels are translated.

A widget's value and the address can differ. The address wins when a page is first shown and after
the browser's Back or Forward; otherwise the widget wins. So a rerun that was sent before the
browser heard of the new address puts nothing back.
"""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer
from streamlit.runtime.scriptrunner import get_script_run_ctx


def put(key: str, value: str, default: str = "") -> None:
    """Keep `value` in the address under `key`; the default is left out."""
    if value in ("", default):
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != value:
        st.query_params[key] = value


def came_back() -> bool:
    """Whether this run was asked for by the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def arrived(key: str) -> bool:
    """Whether the widget `key`, not yet drawn in this run, is to take what the address says."""
    return key not in st.session_state or came_back()


def asked(key: str, known: Sequence[str]) -> str:
    """What the address says under `key`, if it is one of `known`; else the first of them."""
    given = st.query_params.get(key, "")
    return given if given in known else known[0]


def pick_one(key: str, label: str, words: Mapping[str, str]) -> str:
    """One of `words` (name → translated word) by buttons in a row; the first is the default."""
    names = list(words)
    if arrived(key):
        st.session_state[key] = asked(key, names)
    chosen = st.segmented_control(
        label,
        names,
        default=names[0],
        format_func=words.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    put(key, chosen or names[0], names[0])
    return chosen or names[0]


def tabs(key: str, words: Mapping[str, str]) -> Sequence[TabContainer]:
    """One tab for each of `words` (name → translated word); only the open one need be filled."""
    names = list(words)
    if arrived(key) or st.session_state[key] not in words.values():  # another language
        st.session_state[key] = words[asked(key, names)]
    opened = st.tabs(list(words.values()), key=key, on_change="rerun")
    put(
        key, next((name for name, tab in zip(names, opened, strict=True) if tab.open), ""), names[0]
    )
    return opened
