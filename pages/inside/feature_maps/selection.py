"""Which layer, channel and unit of its feature maps are looked at: by clicks, and in the address.

The address counts from 0, as code does; the page says "channel 1" of the first.
"""

import re
from collections.abc import Sequence

import streamlit as st

from explorer.base.language import _
from explorer.ui import link_warnings, url_state
from pages.inside.feature_maps.state import STATE

KEYS = ("layer", "channel", "at")
OPENED = "maps_strip"  # a component that stands on the page from the first run on

Place = tuple[int, int]  # row and column of a unit


def _kept(key: str) -> str:
    return f"maps chosen {key}"


def arrive() -> None:
    """Take what the address says, where it wins (see `links`); before anything is drawn."""
    if url_state.takes_query(OPENED):
        for key in KEYS:
            st.session_state[_kept(key)] = STATE.query(key)


def go(layer: str | None = None, channel: int | None = None, at: Place | None = None) -> None:
    """Choose; what is None stays, but another layer begins at its own first channel."""
    if layer is not None and layer != st.session_state.get(_kept("layer")):
        st.session_state[_kept("layer")] = layer
        st.session_state[_kept("channel")] = st.session_state[_kept("at")] = ""
    if channel is not None:
        st.session_state[_kept("channel")] = str(channel)
    if at is not None:
        st.session_state[_kept("at")] = _spelled(at)


def _said(key: str) -> str:
    return str(st.session_state.get(_kept(key), ""))


def layer(names: Sequence[str], default: str) -> str:
    """The layer that was chosen, if the network has it; of a block, its last."""
    said = _said("layer")
    inside = [name for name in names if name == said or name.startswith(f"{said}.")]
    found = inside[-1] if said and inside else default
    if said and not inside:
        _refuse("layer", names, found)
    STATE.put("layer", found, default)
    return found


def _refuse(key: str, there: str | Sequence[str], taken: str) -> None:
    """Say that there is no such thing, if a link asked for it; in any case it is forgotten."""
    link_warnings.refuse(key, _said(key), there, taken)
    st.session_state[_kept(key)] = ""


def channel(count: int, default: int) -> int:
    """The channel that was chosen, if there is such, else `default`."""
    said = _said("channel")
    known = bool(re.fullmatch(r"[0-9]{1,6}", said)) and int(said) < count
    found = int(said) if known else default
    if said and not known:
        _refuse("channel", link_warnings.between(0, count - 1), str(found))
    STATE.put("channel", str(found), str(default))
    return found


def unit(size: tuple[int, int], default: Place) -> Place:
    """The unit that was chosen in a map of `size` (rows, columns), else `default`."""
    form = re.fullmatch(r"([0-9]{1,5})\.([0-9]{1,5})", _said("at"))
    place = (int(form[1]), int(form[2])) if form else default
    inside = all(each < length for each, length in zip(place, size, strict=True))
    if _said("at") and not (form and inside):
        last = _spelled((size[0] - 1, size[1] - 1))
        there = _("{places} (row.column)").format(places=link_warnings.between("0.0", last))
        _refuse("at", there, _spelled(default))
        place = default
    STATE.put("at", _spelled(place), _spelled(default))
    return place


def _spelled(place: Place) -> str:
    return f"{place[0]}.{place[1]}"
