"""Which layer, channel and unit of its feature maps are looked at: by clicks, and in the address.

The page says "channel 1" of the first.
"""

import re
from collections.abc import Sequence

from explorer.base.language import _
from explorer.ui import link_warnings, selection
from pages.inside.feature_maps.state import STATE

Place = tuple[int, int]  # row and column of a unit


def arrive() -> None:
    """Take what the address says, where it wins."""
    selection.arrive(STATE, "layer", "channel", "at")


def go(layer: str | None = None, channel: int | None = None, at: Place | None = None) -> None:
    """Choose; what is None stays, but another layer begins at its own first channel."""
    if layer is not None and layer != selection.said(STATE, "layer"):
        STATE["layer"] = layer
        STATE["channel"] = STATE["at"] = ""
    if channel is not None:
        STATE["channel"] = str(channel)
    if at is not None:
        STATE["at"] = _spelled(at)


def layer(names: Sequence[str], default: str) -> str:
    """The layer that was chosen, if the network has it; of a block, its last."""
    return selection.layer(STATE, names, default)


def channel(count: int, default: int) -> int:
    """The channel that was chosen, if there is such, else `default`."""
    return selection.index(STATE, "channel", count, default)


def unit(size: tuple[int, int], default: Place) -> Place:
    """The unit that was chosen in a map of `size` (rows, columns), else `default`."""
    said = selection.said(STATE, "at")
    form = re.fullmatch(r"([0-9]{1,5})\.([0-9]{1,5})", said)
    place = (int(form[1]), int(form[2])) if form else default
    inside = all(each < length for each, length in zip(place, size, strict=True))
    if said and not (form and inside):
        last = _spelled((size[0] - 1, size[1] - 1))
        there = _("{places} (row.column)").format(places=link_warnings.between("0.0", last))
        selection.refuse(STATE, "at", there, _spelled(default))
        place = default
    STATE.put("at", _spelled(place), _spelled(default))
    return place


def _spelled(place: Place) -> str:
    return f"{place[0]}.{place[1]}"
