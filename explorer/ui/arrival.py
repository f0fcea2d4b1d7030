"""When a page is opened: what its address is to say, where a link says nothing.

It is as it was left; and what is carried along (a network chosen on one page is offered on the
next) wins over that.
"""

from collections.abc import Iterable, Mapping

import streamlit as st

from explorer.ui import url_state
from explorer.ui.fields import spell
from explorer.ui.state import State

_SHOWN, _RESTORED = "the page that is shown", "addresses restored, by page"
_BROUGHT = "carried a network here"
_CARRIED, _CARRIED_TO = "carried from page to page", "carried to pages"


def begin(here: State, others: Iterable[str] = ()) -> None:
    """Before the page that holds `here` is drawn. `others` are the frame's own names.

    Opened by the sidebar its address says nothing: it is as it was left. So is a bare address to
    which Back leads, if the browser kept it from the moment before that was restored.
    """
    page, bare = here.page, not set(st.query_params) - set(others)
    moved = st.session_state.get(_SHOWN) != page
    st.session_state[_SHOWN] = page
    if moved:
        url_state.forget(bound=not bare)
        st.session_state[_BROUGHT] = False
    if not bare:
        return
    restored: dict[str, Mapping[str, str]] = st.session_state.setdefault(_RESTORED, {})
    if url_state.came_back():
        # From another page: then Streamlit has forgotten what of the address is bound to widgets.
        bound = {k: spell(v) for k, v in url_state.bound_values().items()} if moved else {}
        url_state.rewrite({**restored.get(page, {}), **bound})
    elif moved:
        restored[page] = _address(here, url_state.left())
        url_state.rewrite(restored[page])
    else:  # all of it was set to its defaults
        restored.pop(page, None)


def _address(here: State, left: Mapping[str, str]) -> Mapping[str, str]:
    """The address for the page, which was `left` at one, with what is carried to it."""
    shared = [each.name for each in here.fields.values() if getattr(each, "shared", False)]
    chosen = {name: st.session_state.get(f"{name} chosen") for name in shared}
    left = {**left, **{name: value for name, value in chosen.items() if value}}
    if not here.carries:
        return left
    carried: Mapping[str, str] = st.session_state.get(_CARRIED, {})
    before: Mapping[str, str] = st.session_state.get(_CARRIED_TO, {}).get(here.page, {})
    if carried == before:
        return left
    same = carried.get("network") == before.get("network")
    st.session_state[_BROUGHT] = not same
    gone = here.carries if same else here.carries | here.of_network
    stays = {name: value for name, value in left.items() if name not in gone}
    return stays | {name: value for name, value in carried.items() if name in here.carries}


def carry(here: State, **values: object) -> None:
    """Have the next page begin with these, once somebody has chosen here or elsewhere."""
    told = {name: spell(value) for name, value in values.items() if value != ""}
    if _CARRIED in st.session_state or any(map(here.query, told)):
        st.session_state[_CARRIED] = told
        st.session_state.setdefault(_CARRIED_TO, {})[here.page] = told


def network_brought() -> bool:
    """Whether the page was opened with a network that was chosen on another page."""
    return bool(st.session_state.get(_BROUGHT))
