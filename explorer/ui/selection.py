"""What is chosen by clicks on a board, or by a link: which layer, which of its channels.

It has no widget. The session has it under the state's key, so that a click's callback can put it
there (`state[name] = …`); the address has it counted from 0, as code does.
"""

import re
from collections.abc import Sequence

from explorer.ui import link_warnings, page_address
from explorer.ui.state import State


def arrive(state: State, *names: str) -> None:
    """Take what the address says, where it wins (see `state`); before anything is drawn."""
    for name in names:
        if state.takes_query(name):
            state[name] = state.query(name)


def go(state: State, layer: str | None = None, **places: str) -> None:
    """Choose a layer, and what in it; another layer begins at its own first channel and unit."""
    if layer is not None and layer != said(state, "layer"):
        state["layer"] = layer
        for name in state.fields.keys() & {"channel", "at"}:
            state[name] = ""
    for name, place in places.items():
        state[name] = place


def said(state: State, name: str) -> str:
    """What was chosen or asked for; "" is the default."""
    return str(state.get(name, ""))


def refuse(state: State, name: str, there: str | Sequence[str], taken: object) -> None:
    """Say that there is no such thing, if a link asked for it; in any case it is forgotten."""
    link_warnings.refuse(name, said(state, name), there, taken)
    state[name] = ""


def part(given: str, names: Sequence[str]) -> list[str]:
    """The operation of this name, or all of the block of this name; none of "" ."""
    return [name for name in names if given and (name == given or name.startswith(f"{given}."))]


def layer(state: State, names: Sequence[str], default: str, *, of_block: int = -1) -> str:
    """The layer that was chosen, if the network has it; of a block its last, or its first (0)."""
    inside = part(said(state, "layer"), names)
    found = inside[of_block] if inside else default
    if said(state, "layer") and not inside:
        refuse(state, "layer", names, found)
    state.put("layer", found, default)
    return found


def index(state: State, name: str, count: int, default: int = 0) -> int:
    """The one of `count` that was chosen, if there is such, else `default`."""
    given = said(state, name)
    known = bool(re.fullmatch(r"[0-9]{1,6}", given)) and int(given) < count
    found = int(given) if known else default
    if given and not known:
        refuse(state, name, page_address.between(0, count - 1), found)
    state.put(name, found, default)
    return found
