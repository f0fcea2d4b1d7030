"""Brings the top of a page, where its picture is, back into view."""

from functools import cache
from typing import Any

import streamlit as st

# How often the reader has asked for it, in this session: the browser acts when it has grown.
_TURN = "turns into view"

# `seen` outlives the component: a page that is opened anew has not been asked for anything.
_SCRIPT = """
let seen = null
export default function ({ data }) {
  const asked = seen !== null && data.turn > seen
  seen = data.turn
  if (!asked) return
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
  const page = document.querySelector('[data-testid="stMain"]')
  page.scrollTo({ top: 0, behavior: calm ? "instant" : "smooth" })
}
"""


@cache
def _component() -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    return st.components.v2.component("convscope_into_view", js=_SCRIPT)


def ask() -> None:
    """Ask for it; to be called before the page runs (as a button's `on_click` is)."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def answer() -> None:
    """Scroll up if it was asked for since the page ran last; to stand on every page that asks."""
    _component()(key="into_view", data={"turn": st.session_state.get(_TURN, 0)})
