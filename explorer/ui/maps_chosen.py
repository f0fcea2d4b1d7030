"""Which layer, channel and unit of its feature maps are looked at: by clicks, and in the address.

The address counts from 0, as code does; the page says "channel 1" of the first.
"""

import re
from collections.abc import Sequence

import streamlit as st

from explorer.ui import links

KEYS = ("layer", "channel", "at")
OPENED = "maps_strip"  # a component that stands on the page from the first run on

Place = tuple[int, int]  # row and column of a unit


def _kept(key: str) -> str:
    return f"maps chosen {key}"


def arrive() -> None:
    """Take what the address says, where it wins (see `links`); before anything is drawn."""
    if links.arrived(OPENED):
        for key in KEYS:
            st.session_state[_kept(key)] = st.query_params.get(key, "")


def go(layer: str | None = None, channel: int | None = None, at: Place | None = None) -> None:
    """Choose; what is None stays, but another layer begins at its own first channel."""
    if layer is not None and layer != st.session_state.get(_kept("layer")):
        st.session_state[_kept("layer")] = layer
        st.session_state[_kept("channel")] = st.session_state[_kept("at")] = ""
    if channel is not None:
        st.session_state[_kept("channel")] = str(channel)
    if at is not None:
        st.session_state[_kept("at")] = f"{at[0]}.{at[1]}"


def _said(key: str) -> str:
    return str(st.session_state.get(_kept(key), ""))


def layer(names: Sequence[str], default: str) -> str:
    """The layer that was chosen, if the network has it; of a block, its last."""
    said = _said("layer")
    inside = [name for name in names if name == said or name.startswith(f"{said}.")]
    found = inside[-1] if said and inside else default
    links.put("layer", found, default)
    return found


def channel(count: int, default: int) -> int:
    """The channel that was chosen, if there is such, else `default`."""
    said = _said("channel")
    found = int(said) if re.fullmatch(r"[0-9]{1,6}", said) and int(said) < count else default
    links.put("channel", str(found), str(default))
    return found


def unit(size: tuple[int, int], default: Place) -> Place:
    """The unit that was chosen in a map of `size` (rows, columns), else `default`."""
    said = re.fullmatch(r"([0-9]{1,5})\.([0-9]{1,5})", _said("at"))
    place = (int(said[1]), int(said[2])) if said else default
    if any(each >= length for each, length in zip(place, size, strict=True)):
        place = default
    links.put("at", f"{place[0]}.{place[1]}", f"{default[0]}.{default[1]}")
    return place
