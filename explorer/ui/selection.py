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
    if layer is not None and layer != choice(state, "layer"):
        state["layer"] = layer
        for name in state.fields.keys() & {"channel", "at"}:
            state[name] = ""
    for name, place in places.items():
        state[name] = place


def choice(state: State, name: str) -> str:
    """What was chosen or asked for; "" is the default."""
    return str(state.get(name, ""))


def refuse(state: State, name: str, domain: str | Sequence[str], value: object) -> None:
    """Say that there is no such thing, if a link asked for it; in any case it is forgotten."""
    link_warnings.refuse(name, choice(state, name), domain, value)
    state[name] = ""


def part(choice: str, names: Sequence[str]) -> list[str]:
    """The operation of this name, or all of the block of this name; none of "" ."""
    return [each for each in names if choice and (each == choice or each.startswith(f"{choice}."))]


def layer(state: State, names: Sequence[str], default: str, *, of_block: int = -1) -> str:
    """The layer that was chosen, if the network has it; of a block its last, or its first (0)."""
    inside = part(choice(state, "layer"), names)
    name = inside[of_block] if inside else default
    if choice(state, "layer") and not inside:
        refuse(state, "layer", names, name)
    state.put("layer", name, default)
    return name


def index(state: State, name: str, count: int, default: int = 0) -> int:
    """The one of `count` that was chosen, if there is such, else `default`."""
    text = choice(state, name)
    exists = bool(re.fullmatch(r"[0-9]{1,6}", text)) and int(text) < count
    value = int(text) if exists else default
    if text and not exists:
        refuse(state, name, page_address.between(0, count - 1), value)
    state.put(name, value, default)
    return value
