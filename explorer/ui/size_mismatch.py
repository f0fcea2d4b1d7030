"""Why a network cannot take this size, and what mends it: the same on every page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from explorer import networks
from explorer.analysis import mismatch_words
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.base import plain_text
from explorer.base.language import _
from explorer.base.units import times
from explorer.ui import complaint, link_warnings
from explorer.ui.entries import entry
from explorer.ui.state import State
from explorer.weights import Model


@dataclass(frozen=True)
class Fix:
    """A button that puts what works into the page's state."""

    label: str
    field: str
    value: str | int
    key: str = "use_nearest"
    primary: bool = True


# The pages on which one learns why (see `SizeMismatch.reason`).
LEARN = {
    "window": "padding-stride",
    "features": "padding-stride",
    "channels": "channels",
    "shapes": "blocks",
}


def _put(state: State, fix: Fix) -> None:
    state[fix.field] = fix.value


def show(state: State, mismatch: SizeMismatch, network: str, *fixes: Fix) -> None:
    """Which layer of `network` it is, what arrives there and what it needs; buttons for fixes."""
    text = mismatch_words.mismatch(mismatch, networks.get(network).title)
    with st.container(border=True, key="lesson", gap="small"):
        st.subheader(f":material/warning: {text.headline}", anchor=False)
        numbers = _("Arrived: **{got}**. Needed: **{needs}**.").format(
            got=text.got, needs=text.needs
        )
        st.markdown(f"{numbers} {text.explanation}", help=plain_text.markdown(text.raw))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{text.fits}**", width="content")
            for fix in fixes:
                st.button(
                    fix.label, key=state.key(fix.key), on_click=_put, args=(state, fix),
                    type="primary" if fix.primary else "secondary",
                )  # fmt: skip
            if url := LEARN.get(mismatch.reason):
                page = entry(url)
                label = _("Learn it: {page}").format(page=_(page.title))
                st.page_link(page.path, label=label, icon=page.icon, help="")


def use(size: str, field: str, value: str | int) -> Fix:
    """The fix that takes the nearest size."""
    return Fix(_("Use {size}").format(size=size), field, value)


@contextmanager
def complaints() -> Iterator[None]:
    """A part of a page; what keeps it from being drawn (weights deleted a moment ago) is said."""
    try:
        yield
    except ValueError as error:
        complaint.show(error, "broken_image")
    link_warnings.settle_part()


def complain(state: State, mismatch: SizeMismatch | str, model: Model) -> None:
    """Say what keeps a page from looking into a network; where a size can be chosen, offer one."""
    if isinstance(mismatch, str):
        complaint.show(mismatch, "broken_image")
        return
    near = mismatch.nearest
    square = near and near.height == near.width and not model.card
    fixes = [use(times(near[1:]), "side", near.height)] if near and square else []
    show(state, mismatch, model.spec.name, *fixes)
