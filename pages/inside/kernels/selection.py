"""Which layer and which of its kernels are looked at: by clicks, and in the address.

The address counts from 0, as code does, and names a kernel by the channel that it makes, as the
page on feature maps does; the page says "kernel 1" of the first.
"""

import re
from collections.abc import Sequence

import streamlit as st

from explorer.ui import link_warnings, url_state
from pages.inside.kernels.state import STATE

KEYS = ("layer", "channel")
OPENED = "kernels_strip"  # a component that stands on the page from the first run on


def _kept(key: str) -> str:
    return f"kernels chosen {key}"


def arrive() -> None:
    """Take what the address says, where it wins (see `links`); before anything is drawn."""
    if url_state.takes_query(OPENED):
        for key in KEYS:
            st.session_state[_kept(key)] = STATE.query(key)


def go(layer: str | None = None, kernel: int | None = None) -> None:
    """Choose; what is None stays, but another layer begins at its first kernel."""
    if layer is not None and layer != _said("layer"):
        st.session_state[_kept("layer")] = layer
        st.session_state[_kept("channel")] = ""
    if kernel is not None:
        st.session_state[_kept("channel")] = str(kernel)


def _said(key: str) -> str:
    return str(st.session_state.get(_kept(key), ""))


def layer(names: Sequence[str]) -> int:
    """The place in `names` of the layer that was chosen; of a block, its first; else 0."""
    said = _said("layer")
    inside = [n for n, name in enumerate(names) if name == said or name.startswith(f"{said}.")]
    found = inside[0] if said and inside else 0
    if said and not inside:
        _refuse("layer", names, names[found])
    STATE.put("layer", names[found], names[0])
    return found


def _refuse(key: str, there: str | Sequence[str], taken: str) -> None:
    """Say that there is no such thing, if a link asked for it; in any case it is forgotten."""
    link_warnings.refuse(key, _said(key), there, taken)
    st.session_state[_kept(key)] = ""


def kernel(count: int) -> int:
    """The kernel that was chosen, if there is such, else the first."""
    said = _said("channel")
    known = bool(re.fullmatch(r"[0-9]{1,6}", said)) and int(said) < count
    found = int(said) if known else 0
    if said and not known:
        _refuse("channel", link_warnings.between(0, count - 1), str(found))
    STATE.put("channel", str(found), "0")
    return found
