"""What a learning page keeps: a choice that prompts can set, the last good picture, a place."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

from explorer.ui import learn, links

T = TypeVar("T")


def choose(key: str, label: str, words: Mapping[str, str]) -> str:
    """As `links.pick_one`, for a choice that prompts set: its state is the only default."""
    first = next(iter(words))
    asked = st.query_params.get(key, first)
    if st.session_state.get(key) not in words:
        st.session_state[key] = asked if asked in words else first
    chosen = st.segmented_control(
        label,
        list(words),
        format_func=words.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    links.put(key, chosen or first, first)
    return chosen or first


def good(key: str, read: Callable[[], T], first: Callable[[], T]) -> T:
    """As `learn.last_good`; `first` is what stands before anything was good (a link gone bad)."""
    try:
        return learn.last_good(key, read)
    except ValueError:  # its sentence is on the page
        return first()


def forget_if_new(key: str, shown: str) -> None:
    """Drop from the address a place that was chosen on another picture than `shown`."""
    kept = f"shown {key}"
    if st.session_state.get(kept, shown) != shown:
        links.put(key, "")
    st.session_state[kept] = shown
