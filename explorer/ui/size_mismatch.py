"""Why a network cannot be looked into, on every page that looks into one; and what mends it."""

import streamlit as st

from explorer import networks
from explorer.analysis import wording
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.base.language import _
from explorer.base.units import times
from explorer.ui.model_picker import Choice
from explorer.ui.state import State


def _use_side(state: State, side: int) -> None:
    state["side"] = side


def complain(state: State, given: SizeMismatch | str, choice: Choice) -> None:
    """Say what does not fit and, where the size can be chosen, offer one that does."""
    if isinstance(given, str):
        st.error(given, icon=":material/broken_image:")
        return
    text = wording.mismatch(given, networks.get(choice.known.network).title)
    with st.container(border=True, key="lesson", gap="small"):
        st.subheader(f":material/warning: {text.headline}", anchor=False)
        st.markdown(f"{text.explanation} **{text.fits}**")
        if given.nearest and given.nearest[1] == given.nearest[2] and not choice.known.card:
            st.button(
                _("Use {size}").format(size=times(given.nearest[1:])),
                key=state.key("use_nearest"),
                type="primary",
                on_click=_use_side,
                args=(state, given.nearest[1]),
            )
